import type { FlowRun, FlowRunDetails, TaskLogLine } from '../registry/flow-types.ts'
import type { Delivery, Firing, Schedule, Webhook } from '../registry/schedule-types.ts'
import type {
  AuditEntry,
  EpochPoint,
  MetricValues,
  ModelTrial,
  ModelVersion,
  Run,
  RunPage,
} from '../registry/types.ts'

/**
 * The answers of the dashboard's API, by question: what `/api/v1/…` gives and the page shows. Written out, and not taken from the use
 * cases, so that the page is checked without them.
 */
export interface Answers {
  readonly overview: OverviewAnswer
  readonly models: ModelsAnswer
  readonly model: ModelAnswer
  readonly compare: CompareAnswer
  readonly runs: RunPage & { readonly algorithms: readonly string[] }
  readonly run: RunAnswer
  readonly studies: { readonly studies: readonly Run[] }
  readonly study: { readonly study: Run; readonly trials: readonly Run[] }
  readonly flows: { readonly runs: readonly FlowSummary[] }
  readonly flow: { readonly run: FlowRunDetails }
  readonly 'flow-logs': { readonly lines: readonly (TaskLogLine & { readonly id: number })[] }
  readonly schedules: SchedulesAnswer
  readonly data: DataAnswer
  readonly users: { readonly users: readonly string[] }
  readonly try: TryAnswer
  readonly similar: SimilarAnswer
  readonly 'load-tests': { readonly tests: readonly LoadTestSummary[] }
  readonly promote: { readonly outcome: string; readonly reason: string; readonly version: number }
  readonly rollback: { readonly version: number; readonly replaced: number }
  readonly 'retry-flow': { readonly asked: true }
  readonly 'cancel-flow': { readonly asked: boolean }
}

export type QuestionName = keyof Answers

export interface OverviewAnswer {
  readonly name: string
  readonly production: ModelVersion | null
  readonly staging: ModelVersion | null
  readonly trial: ModelTrial | null
  readonly counts: { readonly versions: number; readonly runs: number; readonly flowRuns: number }
  readonly lastFlow: FlowRun | null
  /** Of the newest versions that servers have counted for, the newest first. */
  readonly clickThrough: readonly ClickThrough[]
  /** The last decisions, the newest first. */
  readonly history: readonly AuditEntry[]
}

export interface ClickThrough {
  readonly version: number
  readonly recommendations: number
  readonly clicks: number
  /** Clicks a recommendation; null before the first one. */
  readonly clickThrough: number | null
}

export interface ModelsAnswer {
  readonly names: readonly string[]
  /** The newest first. */
  readonly versions: readonly ModelVersion[]
  /** The newest first. */
  readonly history: readonly AuditEntry[]
}

export interface ModelAnswer {
  readonly version: ModelVersion
  readonly run: Run
  readonly epochs: readonly EpochPoint[]
  readonly clickThrough: ClickThrough | null
  readonly history: readonly AuditEntry[]
  /** Figures of the load test that was attached last; null without one. */
  readonly loadTest: MetricValues | null
}

export interface CompareAnswer {
  readonly comparison: Comparison
  readonly challenger: Pick<ModelAnswer, 'version' | 'run' | 'epochs'>
  readonly champion: Pick<ModelAnswer, 'version' | 'run' | 'epochs'>
}

/** What `recsys evaluate --compare` says, as far as the page shows it. */
export interface Comparison {
  readonly challenger: { readonly metrics: MetricValues }
  readonly champion: { readonly metrics: MetricValues }
  readonly lakeVersion: number
  readonly split: string
  readonly nHeldOutRows: number
  readonly confidence: number
  readonly results: readonly {
    readonly metric: string
    readonly gain: number
    readonly interval: readonly [low: number, high: number]
    readonly verdict: string
  }[]
  readonly notes: readonly string[]
}

export interface RunAnswer {
  readonly run: Run
  readonly epochs: readonly EpochPoint[]
  readonly version: ModelVersion | null
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** The task of a flow that it was trained in; null by hand. */
  readonly flow: { readonly flowRunId: string; readonly task: string } | null
  /** What that task has said. */
  readonly lines: readonly TaskLogLine[]
}

export interface FlowSummary extends Omit<FlowRun, 'plan'> {
  readonly tasks: readonly { readonly task: string; readonly state: string }[]
}

export interface SchedulesAnswer {
  readonly schedules: readonly Schedule[]
  readonly firings: readonly Firing[]
  readonly webhooks: readonly Webhook[]
  /** The last messages, without what would sign them. */
  readonly deliveries: readonly Omit<Delivery, 'secret' | 'body'>[]
}

export interface DataAnswer {
  readonly tables: readonly { readonly table: string; readonly versions: readonly TableVersion[] }[]
  /** null without a lake. */
  readonly shapes: Shapes | null
  readonly rejects: readonly {
    readonly file: string
    readonly bytes: number
    readonly at: string
    readonly reasons: readonly { readonly reason: string; readonly rows: number; readonly example: string }[]
  }[]
  /** Since the newest version was trained; null without a lake. */
  readonly drift: {
    readonly interactions: { readonly trained: number; readonly now: number } | null
    readonly events: number
    readonly psi: Readonly<Record<'popularity' | 'ratings', number | null>>
  } | null
}

/** What the table `interactions` looks like. */
export interface Shapes {
  readonly version: number
  readonly rows: number
  readonly users: number
  readonly items: number
  readonly ratings: readonly { readonly rating: number; readonly rows: number }[]
  /** Share of the interactions by twentieths of the items, the most popular first. */
  readonly popularity: readonly number[]
  readonly months: readonly { readonly month: string; readonly rows: number }[]
}

/** A version of a table of the lake. */
export interface TableVersion {
  readonly version: number
  readonly at: string | null
  readonly operation: string
  readonly filesAdded: number
  readonly filesRemoved: number
  readonly rowsAdded: number | null
  readonly rows: number | null
}

export interface TryAnswer {
  readonly userId: string
  readonly version: ModelVersion
  readonly history: { readonly total: number; readonly items: readonly CatalogueItem[] }
  readonly recommendation: {
    readonly known: boolean
    readonly items: readonly RankedItem[]
  }
}

export interface CatalogueItem {
  readonly itemId: string
  readonly title: string | null
  readonly categories: readonly string[]
  readonly interactions?: number
}

export interface RankedItem extends CatalogueItem {
  readonly score: number
  /** Whether the model gave it, or what is given to whoever it does not know. */
  readonly source: string
  readonly reasons?: readonly (CatalogueItem & { readonly weight: number })[]
}

export interface SimilarAnswer {
  readonly itemId: string
  readonly version: ModelVersion
  readonly items: readonly RankedItem[]
}

export interface LoadTestSummary {
  readonly name: string
  readonly version: number
  readonly at: string
  readonly figures: MetricValues
  readonly url: string | null
  readonly goals: readonly { readonly goal: string; readonly met: boolean }[]
  readonly seconds: readonly {
    readonly second: number
    readonly requestsPerSecond: number | null
    readonly p50Ms: number | null
    readonly p95Ms: number | null
  }[]
}
