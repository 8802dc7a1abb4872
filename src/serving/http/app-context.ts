import { RecsysError } from '../../errors.ts'
import type { AppendResult, FeedbackEvent } from '../../registry/event-journal.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { Logger } from '../log.ts'
import type { ModelSlot } from '../ranking/model-slot.ts'
import type { RatedItem, ServedModel } from '../ranking/served-model.ts'
import type { ReloadOutcome, ServerStatus, TlsFiles } from '../types.ts'
import type { TokenDigest } from './admin-access.ts'
import type { KnownKey } from './known-key.ts'
import type { RequestMetrics } from './request-metrics.ts'

/** What the routes work with. The supervisor stands behind `status`, `reload` and `scrape`. */
export interface AppContext {
  readonly slot: ModelSlot
  readonly log: Logger
  readonly metrics: RequestMetrics
  readonly cache: ResponseCache
  /** Certificate and key in PEM; undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined
  readonly adminToken: TokenDigest | undefined
  /** Keys that are good now, by id. */
  keys(): ReadonlyMap<string, KnownKey>
  /** Without a key nobody reads or sends events. */
  readonly keysRequired: boolean
  /** The last state that the supervisor told. */
  status(): ServerStatus
  /** Looks into the registry now. */
  reload(): Promise<ReloadOutcome>
  /** Counts an answer with an id. */
  countRecommendation(model: ServedModel): void
  /** What a user has done lately, oldest first. */
  recentItems(userId: string): readonly RatedItem[]
  /** Resolves when the events are on the disk. */
  storeEvents(events: readonly FeedbackEvent[]): Promise<AppendResult>
  /** The metrics of all threads in Prometheus' text format. */
  scrape(): Promise<string>
}

/** The model in service. A request calls this once, so that its whole answer comes from one model. */
export function modelInService({ slot, status }: AppContext): ServedModel {
  if (slot.current) return slot.current
  // The code only: messages name files of the server, which are nobody's business here.
  const reason = status().failure?.code ?? 'the first one is being loaded'
  throw new RecsysError('RECSYS_NOT_READY', { message: `no model is in service: ${reason}` })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Version that the answer comes from, for the metrics; '' for routes without a model. */
    modelVersion: string
    /** Pattern of the route that the request met, for the metrics; `unmatched` for none. */
    route: string
    /** The key that the request brings; null until somebody asks for it. */
    apiKey: KnownKey | undefined | null
  }
}
