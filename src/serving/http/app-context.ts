import type { FastifyRequest } from 'fastify'
import { RecsysError } from '../../errors.ts'
import type { AppendResult, FeedbackEvent } from '../../registry/event-journal.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { Logger } from '../log.ts'
import type { ModelSlot } from '../ranking/model-slot.ts'
import type { RatedItem, ServedModel } from '../ranking/served-model.ts'
import type { VersionTallies } from '../threads/version-tally.ts'
import type {
  CommandOutcome,
  Fallback,
  ModelCommand,
  ReloadOutcome,
  ServerStatus,
  TlsFiles,
  VersionReport,
} from '../types.ts'
import type { TokenDigest } from './admin-access.ts'
import type { DashboardContext } from './dashboard-routes.ts'
import type { KnownKey } from './known-key.ts'
import type { RecentRequest } from './recent-requests.ts'
import type { RequestMetrics } from './request-metrics.ts'

/** What the routes work with. The supervisor stands behind `status`, `reload` and `scrape`. */
export interface AppContext {
  readonly slot: ModelSlot
  readonly log: Logger
  readonly metrics: RequestMetrics
  readonly cache: ResponseCache
  /** What whoever the model does not know is given. */
  readonly strangers: readonly Fallback[]
  /** Certificate and key in PEM; undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined
  /** Whether requests become spans of OpenTelemetry. */
  readonly isTracing: boolean
  readonly adminToken: TokenDigest | undefined
  /** Keys that are good now, by id. */
  keys(): ReadonlyMap<string, KnownKey>
  /** Without a key nobody reads or sends events. */
  readonly keysRequired: boolean
  /** The last state that the supervisor told. */
  status(): ServerStatus
  /** Looks into the registry now. */
  reload(): Promise<ReloadOutcome>
  /** What each version does, for the limits that it has to keep. */
  readonly tally: Pick<VersionTallies, 'recommended' | 'answered' | 'compared' | 'requested'>
  /** Keeps the request, so that the next model can be asked it before it comes into service. */
  remember(request: RecentRequest): void
  /** Has the supervisor carry out what an admin asks for. */
  command(command: ModelCommand): Promise<CommandOutcome>
  /** What the versions have done of late. */
  versions(): Promise<VersionReport>
  /** What a user has done lately, oldest first. */
  recentItems(userId: string): readonly RatedItem[]
  /** Resolves when the events are on the disk. */
  storeEvents(events: readonly FeedbackEvent[]): Promise<AppendResult>
  readonly dashboard: DashboardContext
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

/**
 * The model that answers this user: the one in service, or the one that is tried out on some users. From here on the request
 * counts as that version's, whatever comes of it.
 * @param userId  undefined: of nobody, or of many
 */
export function modelFor(
  context: AppContext,
  request: FastifyRequest,
  userId: string | undefined,
): ServedModel {
  const chosen = userId === undefined ? undefined : context.slot.modelFor(userId)
  const model = chosen ?? modelInService(context)
  request.modelVersion = String(model.identity.version ?? 'none')
  return model
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
