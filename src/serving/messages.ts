import type { AppendResult, FeedbackEvent } from '../registry/event-journal.ts'
import type { TrialMode } from '../registry/types.ts'
import type { CacheOptions } from './cache/response-cache.ts'
import type { DashboardAnswer, DashboardNews, DashboardQuestion } from './dashboard-line.ts'
import type { TokenDigest } from './http/admin-access.ts'
import type { AppLimits } from './http/app.ts'
import type { KnownKey } from './http/known-key.ts'
import type { MetricsSnapshot } from './http/request-counts.ts'
import type { LiveReport } from './live-report.ts'
import type { LogLevel } from './log.ts'
import type { NewItems } from './shared/new-items.ts'
import type { SharedModel } from './shared/shared-model.ts'
import type {
  CommandOutcome,
  Fallback,
  ModelCommand,
  ReloadOutcome,
  ServerStatus,
  TlsFiles,
  TrafficTally,
  VersionReport,
  VersionTally,
} from './types.ts'

/**
 * What the supervisor and its threads say to each other. A change-over has two phases: every request thread prepares
 * the new model and says so, then all are told to commit. When one cannot prepare, nobody changes.
 */
export type ToRequestThread =
  | ({ readonly type: 'prepare'; readonly generation: number } & LineUp)
  | ({ readonly type: 'commit'; readonly generation: number } & LineUp)
  | { readonly type: 'abandon' }
  | { readonly type: 'status'; readonly status: ServerStatus }
  | { readonly type: 'collect' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'events-stored'; readonly id: number; readonly result: AppendResult | null }
  | { readonly type: 'keys'; readonly keys: readonly KnownKey[] }
  | { readonly type: 'new-items'; readonly items: NewItems }
  | { readonly type: 'news'; readonly news: DashboardNews }
  | { readonly type: 'drain'; readonly timeoutMs: number }

export type FromRequestThread =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'listen-failed'; readonly code: string; readonly message: string }
  /** The module of `--tracing` could not be loaded. */
  | { readonly type: 'tracing-failed'; readonly message: string }
  | { readonly type: 'prepared'; readonly generation: number; readonly problem: string | null }
  | { readonly type: 'snapshot'; readonly metrics: MetricsSnapshot }
  | { readonly type: 'store-events'; readonly id: number; readonly events: readonly FeedbackEvent[] }
  | {
      readonly type: 'tally'
      readonly tallies: ReadonlyMap<number, VersionTally>
      readonly traffic: TrafficTally
    }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  /** How many pages follow the dashboard by this thread. */
  | { readonly type: 'listeners'; readonly count: number }

/** The models that answer: one for everybody, and one that is tried out beside it. */
export interface LineUp {
  readonly model: SharedModel
  readonly trial?: SharedTrial | null
}

export interface SharedTrial {
  readonly model: SharedModel
  readonly mode: TrialMode
  readonly share: number
}

/** What a request needs from the supervisor. */
export type Question = 'reload' | 'scrape' | 'versions' | 'live' | ModelCommand | DashboardQuestion
export type Answer = ReloadOutcome | string | VersionReport | CommandOutcome | LiveReport | DashboardAnswer

/** What a request thread is started with. */
export interface RequestThreadData {
  /** Its number, from 1: in logs and metrics, and of its desk in the scoring memory. */
  readonly thread: number
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  readonly adminToken: TokenDigest | undefined
  readonly dataDir: string
  readonly tls: TlsFiles | undefined
  readonly keysRequired: boolean
  readonly strangers: readonly Fallback[]
  /** A module that registers an OpenTelemetry SDK; undefined: no tracing. */
  readonly tracing: string | undefined
  readonly keys: readonly KnownKey[]
  readonly logLevel: LogLevel
  readonly limits: AppLimits
  /** Of this thread alone. */
  readonly cache: CacheOptions
  readonly model: SharedModel | null
  readonly trial?: SharedTrial | null
  readonly newItems?: NewItems | null
  readonly status: ServerStatus
}

/** What the thread that folds in new items is started with. */
export interface NewItemsData {
  readonly dataDir: string
  readonly model: SharedModel
  readonly intervalMs: number
}

/** What a loader thread is started with: one artifact, which it loads, checks and tries out. */
export interface LoaderData {
  readonly directory: string
  readonly manifestSha256: string
  readonly identity: SharedModel['identity']
  readonly nThreads: number
}

export type FromLoader =
  | { readonly type: 'loaded'; readonly loaded: LoadedModel }
  | {
      readonly type: 'failed'
      readonly code: string
      readonly message: string
      readonly remedy: string | null
    }

export interface LoadedModel {
  readonly model: SharedModel
  readonly readMs: number
  readonly shareMs: number
  readonly smokeTestMs: number
}
