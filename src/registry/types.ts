import type { FlowCalls } from './flow-types.ts'
import type { ParamValues } from './param-values.ts'
import type { ScheduleCalls, WebhookCalls } from './schedule-types.ts'

export type RunStatus = 'running' | 'finished' | 'failed' | 'killed'
export type Stage = 'none' | 'staging' | 'production' | 'archived'
export type MetricValues = Readonly<Record<string, number>>

export type { ParamValues } from './param-values.ts'

export interface NewRun {
  readonly algorithm: string
  readonly params: ParamValues
  readonly seed: number
  readonly split: string
  readonly lakeVersion: number
  readonly programVersion: string
  readonly nodeVersion: string
  readonly tags: Readonly<Record<string, string>>
  /** The study that the run is a trial of. */
  readonly parentRunId?: string | null
  /** All that is needed to do the same once more, as JSON; null for a run that is older than this record. */
  readonly job?: Readonly<Record<string, unknown>> | null
  /** Of the runs with one key, one finishes. */
  readonly onceKey?: string | null
}

export interface Run extends NewRun {
  /** 12 lower-case letters and digits; sorts by time of creation within a second or so. */
  readonly runId: string
  readonly status: RunStatus
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly splitFingerprint: string | null
  /** Rows, users and cold users and items of the parts; empty for runs of before this was written down. */
  readonly heldOut: MetricValues
  readonly metrics: MetricValues
  /** Milliseconds a phase: read, split, fit, evaluate, write. */
  readonly durationsMs: MetricValues
  readonly error: string | null
  readonly parentRunId: string | null
  readonly job: Readonly<Record<string, unknown>> | null
  readonly onceKey: string | null
  /** What it wrote, when it finished; null for runs that are older than this record: their version knows. */
  readonly artifact: Omit<RegisteredArtifact, 'name'> | null
}

export interface RunFilter {
  readonly limit?: number
  readonly algorithm?: string
  readonly status?: RunStatus
  /** The trials of this study; null: no trials at all. */
  readonly parentRunId?: string | null
  /** Only runs that were begun with this key. */
  readonly onceKey?: string
}

export interface RunPageFilter extends Omit<RunFilter, 'onceKey'> {
  readonly offset?: number
  /** `startedAt`, `algorithm`, `status`, or the name of a metric. Default: startedAt */
  readonly sort?: string
  /** Default: true */
  readonly descending?: boolean
}

export interface RunPage {
  readonly runs: readonly Run[]
  /** Of all pages. */
  readonly total: number
}

export interface EpochPoint {
  readonly epoch: number
  readonly metric: string
  readonly value: number
}

export interface ModelVersion {
  readonly name: string
  readonly version: number
  readonly runId: string
  readonly algorithm: string
  readonly stage: Stage
  readonly metrics: MetricValues
  /** Relative to the data directory, with forward slashes. */
  readonly artifactPath: string
  readonly manifestSha256: string
  readonly createdAt: string
}

export interface FinishedRun {
  readonly splitFingerprint: string
  /** Counts of the parts of the split. */
  readonly heldOut?: MetricValues
  readonly metrics: MetricValues
  readonly durationsMs: MetricValues
  /** The `--json` document of the command, for whoever asks for the same again; without the version. */
  readonly report?: Readonly<Record<string, unknown>>
  /** What was written, also where no version is registered. */
  readonly artifact?: Omit<RegisteredArtifact, 'name'>
}

export interface RegisteredArtifact {
  readonly name: string
  readonly artifactPath: string
  readonly manifestSha256: string
}

export type AuditAction =
  | 'promote'
  | 'refuse'
  | 'force'
  | 'rollback'
  | 'archive'
  | 'canary'
  | 'shadow'
  | 'end-trial'

/** `canary`: some users get the version's answers; `shadow`: it is asked too, and nobody sees what it says. */
export type TrialMode = 'canary' | 'shadow'

/** A version that is tried out on live requests beside the one in production. A name has one at a time. */
export interface ModelTrial {
  readonly name: string
  readonly version: number
  readonly mode: TrialMode
  /** Of the users (canary) or of the requests (shadow), above 0, 1 at most. */
  readonly share: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
}

export interface AuditEntry {
  readonly id: number
  readonly at: string
  readonly name: string
  readonly action: AuditAction
  readonly stage: Stage
  /** The challenger of a promotion; the version restored by a rollback. */
  readonly version: number
  /** The version that was there before, null when there was none. */
  readonly previousVersion: number | null
  readonly reason: string
  /** The figures that decided: metric, champion's and challenger's value, gain, minimum, rows, users. */
  readonly figures: Readonly<Record<string, number | string>>
  /** The clauses of the promotion policy, each with its numbers, as `AuditClause`; none before there were policies. */
  readonly clauses: readonly AuditClause[]
  /** Of the command that decided: the same command with the same key decides nothing anew. */
  readonly onceKey: string | null
}

/** One condition of a promotion: what was asked, what was found. */
export interface AuditClause {
  /** `rmse better than the champion by 0.5%`, `coverage@10 >= -5%` … */
  readonly clause: string
  readonly met: boolean
  /** What was found, in words. */
  readonly found: string
  /** The numbers behind the words, by name. */
  readonly figures: Readonly<Record<string, number | string>>
}

/** What moves a version to a stage; all of it happens in one transaction. */
export interface StageChange {
  readonly name: string
  readonly version: number
  readonly stage: 'staging' | 'production'
  readonly action: 'promote' | 'force' | 'rollback'
  /** The version the decision was made against; another one there now means RECSYS_REGISTRY_CONFLICT. */
  readonly expectedPrevious: number | null
  readonly reason: string
  readonly figures: AuditEntry['figures']
  /** Default: none. */
  readonly clauses?: readonly AuditClause[]
  readonly onceKey?: string | null
}

/** A load test of a version, as promotions read it. */
export interface AttachedLoadTest {
  readonly name: string
  readonly version: number
  /** ISO 8601, UTC: when it was attached. */
  readonly at: string
  /** p50LatencyMs … p99LatencyMs, maxLatencyMs, successPercent, requestsPerSecond, users. */
  readonly figures: MetricValues
  /** The whole report, as the load test wrote it. */
  readonly report: unknown
}

export const keyScopes = ['read', 'events', 'admin'] as const
export type KeyScope = (typeof keyScopes)[number]

/** What is known of a key: never the key itself, which is shown once, when it is made. */
export interface ApiKey {
  readonly id: string
  /** For people: who uses it. */
  readonly label: string
  readonly scopes: readonly KeyScope[]
  /** SHA-256 of the key, in hex: a key is 256 random bits, so that no slower hash is needed. */
  readonly sha256: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** null while it is good. */
  readonly revokedAt: string | null
}

/**
 * `src/registry/registry.ts` exports `openRegistry(dataDir, { readOnly?, create?, busyTimeoutMs? }): Registry` over
 * `<dataDir>/registry.db` (SQLite, WAL, synchronous=FULL, foreign keys). Calls are synchronous. Read-only opening
 * of a missing file throws RECSYS_REGISTRY_MISSING; a locked one RECSYS_REGISTRY_LOCKED; a broken one
 * RECSYS_REGISTRY_CORRUPT.
 */
export interface Registry extends FlowCalls, ScheduleCalls, WebhookCalls {
  createRun(run: NewRun): string
  /**
   * A killed or failed run goes on after `epoch`: it is running again, what it said of later epochs is forgotten.
   * @throws RECSYS_REGISTRY_CONFLICT when the run is running or finished
   */
  resumeRun(runId: string, epoch: number): void
  logEpoch(runId: string, epoch: number, metrics: MetricValues): void
  /** Marks the run finished and, with `artifact`, registers the next version of that name: one transaction. */
  finishRun(runId: string, finished: FinishedRun, artifact?: RegisteredArtifact): ModelVersion | undefined
  /**
   * Registers finished runs that have an artifact, in this order, as the next versions of that name; one that has a version
   * already keeps it. One transaction.
   * @throws RECSYS_REGISTRY_CONFLICT for a run that is not finished or belongs to another name
   */
  registerRuns(runIds: readonly string[], name: string): ModelVersion[]
  /** The finished run with this key and the report it left. */
  finishedOnce(
    onceKey: string,
  ): { readonly run: Run; readonly report: Readonly<Record<string, unknown>> | null } | undefined
  /** The entry of the audit trail that a command with this key has made. */
  decidedOnce(onceKey: string): AuditEntry | undefined
  /** @param status 'failed' with the message, or 'killed' */
  endRun(runId: string, status: 'failed' | 'killed', error: string): void
  /**
   * Runs that have ended, began before and have no version, except the newest `keep`; a study goes when its trials do.
   * @returns how many were removed
   */
  removeRuns(before: string, keep: number, dryRun: boolean): number
  /** Newest first. @param filter `parentRunId`: the trials of this study only */
  runs(filter?: RunFilter): Run[]
  /** The algorithms that runs were made with, in the order of the alphabet. */
  runAlgorithms(): string[]
  /** Runs that others are trials of, the newest first. */
  studies(): Run[]
  counts(): { readonly versions: number; readonly runs: number; readonly flowRuns: number }
  /**
   * Grows whenever somebody, in this process or another, has committed a change; a cheap question.
   */
  changeNumber(): number
  /** A part of the runs, in an order; those without the metric that orders come last. */
  runPage(filter: RunPageFilter): RunPage
  /** @throws RECSYS_RUN_UNKNOWN; a unique prefix of an id is enough */
  run(runId: string): Run
  epochs(runId: string): EpochPoint[]

  versions(name?: string): ModelVersion[]
  /** @throws RECSYS_VERSION_UNKNOWN */
  version(name: string, version: number): ModelVersion
  versionOfRun(runId: string): ModelVersion | undefined
  inStage(name: string, stage: 'staging' | 'production'): ModelVersion | undefined
  /** The version that was in production before the present one, from the audit trail. */
  previousProduction(name: string): ModelVersion | undefined
  /** Those before the present one, the last first, up to `limit`. */
  formerProduction(name: string, limit: number): ModelVersion[]
  changeStage(change: StageChange): ModelVersion
  recordRefusal(
    refusal: Omit<StageChange, 'action' | 'expectedPrevious'> & { readonly previous: number | null },
  ): void
  archive(name: string, version: number, reason: string): ModelVersion
  /** The trial that is under way. A promotion of its version ends it. */
  trial(name: string): ModelTrial | undefined
  /**
   * Begins a trial, in place of one that is under way.
   * @throws RECSYS_REGISTRY_CONFLICT for the version in production, RECSYS_VERSION_UNKNOWN
   */
  startTrial(trial: Omit<ModelTrial, 'startedAt'>, reason: string): ModelTrial
  /**
   * @param version  that is on trial; when it is another one by now, nothing happens
   * @returns what has ended, undefined when there was nothing to end
   */
  endTrial(
    name: string,
    reason: string,
    figures: AuditEntry['figures'],
    version?: number,
  ): ModelTrial | undefined
  /** @throws RECSYS_VERSION_UNKNOWN */
  attachLoadTest(test: Omit<AttachedLoadTest, 'at'>): AttachedLoadTest
  /** The one that was attached last. */
  loadTest(name: string, version: number): AttachedLoadTest | undefined
  /** Those that were attached last, of all versions, the newest first. */
  loadTests(limit: number): AttachedLoadTest[]
  history(name?: string): AuditEntry[]
  /** @returns the key, which is nowhere else, and its id */
  createApiKey(label: string, scopes: readonly KeyScope[]): { readonly key: string; readonly id: string }
  /** Oldest first, revoked ones too. */
  apiKeys(): ApiKey[]
  /** @throws RECSYS_KEY_UNKNOWN */
  revokeApiKey(id: string): ApiKey & { readonly changed: boolean }
  close(): void
}

/** The registered model's name where `--name` says nothing else. */
export const defaultModelName = 'recommender'

/*
 * src/registry/doorbell.ts exports
 *   ringDoorbell(dataDir, { name, version }): writes <dataDir>/production.json aside, fsyncs, renames. Called after
 *     the commit of a stage change to production; a lost ring is made good by the server's poll of the registry.
 *   doorbellPath(dataDir)
 */
