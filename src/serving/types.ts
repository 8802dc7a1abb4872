import type { ArtifactContent } from '../artifacts/types.ts'
import type { AuditEntry, ModelTrial, TrialMode } from '../registry/types.ts'
import type { CacheOptions } from './cache/response-cache.ts'
import type { DashboardLine } from './dashboard-line.ts'
import type { LogLevel } from './log.ts'

/** What `serve` is started with. */
export interface ServeOptions {
  readonly dataDir: string
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Request threads, all listening on the one port. */
  readonly nThreads: number
  /** The registered model's name. */
  readonly modelName: string
  /** Without one the admin routes answer on loopback only. */
  readonly adminToken?: string | undefined
  /** Undefined: plain HTTP. */
  readonly tls?: TlsFiles | undefined
  /** Reading and sending events needs a key of the registry. */
  readonly keysRequired: boolean
  /** Of one key or address; 0: no limit. */
  readonly requestsPerSecond: number
  /** Milliseconds between two looks into the registry; the doorbell makes most of them unnecessary. */
  readonly pollIntervalMs: number
  /** How long requests in flight may take to finish after the stop. */
  readonly drainTimeoutMs: number
  readonly logLevel: LogLevel
  /** Answers kept for equal requests, over all threads. */
  readonly cache: CacheOptions
  /** What whoever the model does not know is given; see `fallbacks`. */
  readonly strangers: readonly Fallback[]
  /** A module that registers an OpenTelemetry SDK, loaded in each request thread; undefined: no tracing. */
  readonly tracing?: string | undefined
  /** What to serve while no version is in production: a popularity model, made on the spot. */
  readonly fallback: () => Promise<ArtifactContent>
  readonly events: EventOptions
  readonly release: ReleaseOptions
  /** Starts the thread behind the dashboard, when somebody asks for it; undefined: there is none. */
  readonly dashboard?: (() => DashboardLine) | undefined
  /** Aborting it drains the server. */
  readonly signal?: AbortSignal | undefined
}

/** When events leave the journal for the lake. */
export interface EventOptions {
  readonly flush: () => Promise<{ readonly events: number }>
  /** At the latest this long after an event was accepted. */
  readonly flushIntervalMs: number
  /** So many accepted events are brought into the lake at once. */
  readonly flushEvents: number
  /** Milliseconds between two looks for items that came after the training. */
  readonly newItemsMs: number
}

/** How versions come into service and leave it. */
export interface ReleaseOptions {
  /** Former production versions that stay loaded, so that a rollback waits for no file. */
  readonly keepWarm: number
  /** Share of the users and items in service that a newer version has to know; 0: it need not know any. */
  readonly minCoverage: number
  /** How a version in staging is tried out on live requests; null: not at all. */
  readonly stagingTrial: { readonly mode: TrialMode; readonly share: number } | null
  readonly limits: VersionLimits
  readonly changes: ModelChanges
}

/** What a version may not exceed: a trial at any time, production while it is on probation. */
export interface VersionLimits {
  /** Share of its answers that may be server errors; null: not looked at, like the others. */
  readonly maxErrorRate: number | null
  readonly maxP95Ms: number | null
  /** Share of the other version's click-through that it may lose. */
  readonly maxClickLoss: number | null
  /** How long a promoted version is watched; then it stays whatever happens. 0: nothing is rolled back by itself. */
  readonly probationMs: number
}

/** Changes of the registry that a server makes when it is told to, or by its limits. */
export interface ModelChanges {
  /** @param isSound  its files need not be read again: the version is loaded */
  rollback(
    reason: string,
    isSound: boolean,
    figures: AuditEntry['figures'],
  ): Promise<{ readonly version: number }>
  startTrial(trial: TrialRequest, reason: string): Promise<ModelTrial>
  /** Ends the trial of a version, whether it was started or comes of its stage; undefined: of whichever there is. */
  endTrial(
    reason: string,
    figures: AuditEntry['figures'],
    version: number | undefined,
  ): Promise<{ readonly version: number } | undefined>
}

export type TrialRequest = Pick<ModelTrial, 'version' | 'mode' | 'share'>

/** A version beside the one in production. */
export interface TrialState extends TrialRequest {
  /** Why it cannot be loaded; null: it is in service. */
  readonly failure: Pick<LoadFailure, 'code' | 'message' | 'remedy'> | null
}

/** What clients have asked of a thread over a stretch of time, answered from a model or not; without health, admin and dashboard. */
export interface TrafficTally {
  answers: number
  errors: number
  /** Answers by latency, see `percentileMs`. */
  readonly latencies: number[]
}

/** What a version has done over a stretch of time. */
export interface VersionTally {
  recommendations: number
  answers: number
  errors: number
  clicks: number
  /** Shadow rankings that were compared, and the sum of their overlaps with what was shown. */
  compared: number
  overlap: number
  /** Answers by latency, see `percentileMs`. */
  readonly latencies: number[]
}

/** What an admin asks for. */
export type ModelCommand =
  | { readonly type: 'rollback'; readonly reason: string }
  | { readonly type: 'start-trial'; readonly trial: TrialRequest; readonly reason: string }
  | { readonly type: 'end-trial'; readonly reason: string }

/** The version that the command was about, null when there was none; or why it was not carried out. */
export type CommandOutcome =
  | { readonly done: true; readonly version: number | null }
  | { readonly done: false; readonly code: string; readonly message: string; readonly remedy: string }

/** What the versions in service have done of late, for admins. */
export type VersionReport = readonly VersionFigures[]

export interface VersionFigures {
  readonly version: number
  readonly answers: number
  readonly errorRate: number | null
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly recommendations: number
  readonly clickThrough: number | null
  /** Mean share of the shown items that the version would have shown too; null unless it is in the shadow. */
  readonly overlap: number | null
}

/** In PEM. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** Which model a response comes from. Version and run are null for a popularity model made on the spot. */
export interface ModelIdentity {
  readonly name: string
  readonly version: number | null
  readonly runId: string | null
  readonly algorithm: string
  /** `popular` where the items are the same for everybody. */
  readonly source: ModelSource
}

export type ModelSource = 'model' | 'popular'
/**
 * `events`: the model, for somebody it knows only by the events since it was trained. `trending`: what was popular of late.
 * `none`: nothing was left to fall back on.
 */
export type RankingSource = ModelSource | Fallback | 'none'

/** What somebody gets whom the model does not know, in the order in which it is tried. */
export const fallbacks = ['events', 'trending', 'popular'] as const
export type Fallback = (typeof fallbacks)[number]

/** Why the last attempt to change over did not work. */
export interface LoadFailure {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly code: string
  readonly message: string
  readonly remedy: string
  /** The version that could not be loaded, null when it did not come that far. */
  readonly version: number | null
  /** Failures in a row. */
  readonly attempts: number
  readonly nextAttemptAt: string
}

/** What the supervisor knows; every request thread has a copy. */
export interface ServerStatus {
  readonly startedAt: string
  readonly modelName: string
  readonly model: ModelIdentity | null
  readonly modelSince: string | null
  /** Figures of the change-over that brought the present model. */
  readonly lastLoad: LoadReport | null
  /** null as soon as an attempt works. */
  readonly failure: LoadFailure | null
  readonly reloads: { readonly swapped: number; readonly failed: number }
  readonly nThreads: number
  readonly threadRestarts: number
  readonly trial: TrialState | null
  /** Versions that are loaded and not in service: going back to them waits for no file. */
  readonly warmVersions: readonly number[]
}

export interface LoadReport {
  /** Reading and verifying the files. */
  readonly readMs: number
  /** Copying into shared memory and building the look-up tables. */
  readonly shareMs: number
  /** Scoring the golden users. */
  readonly smokeTestMs: number
  /** From the decision to load until every request thread has changed over. */
  readonly totalMs: number
}

export type ReloadOutcome =
  | { readonly outcome: 'swapped'; readonly model: ModelIdentity; readonly load: LoadReport }
  | { readonly outcome: 'unchanged'; readonly model: ModelIdentity | null }
  | { readonly outcome: 'failed'; readonly model: ModelIdentity | null; readonly failure: LoadFailure }

export interface RunningServer {
  readonly url: string
  readonly port: number
  status(): ServerStatus
  /** Looks into the registry now, whatever the pauses after failures say. */
  reload(): Promise<ReloadOutcome>
  /** Drains and stops. */
  stop(): Promise<void>
  /** Resolves when the server has stopped, by `stop` or by the signal. */
  readonly stopped: Promise<void>
}
