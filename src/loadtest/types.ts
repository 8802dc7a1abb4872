import type { ArrivalLaw } from './arrivals.ts'
import type { LoadStage } from './stages.ts'

/** One request to send: its path below the target, and what must hold for the body of a 200. */
export interface TaskRequest {
  readonly task: string
  /** Path and query, percent-encoded. */
  readonly path: string
  /** Most items the answer may hold; 0 for `health`. */
  readonly k: number
  /** Items that must not come back. */
  readonly excluded: readonly string[]
}

/** What virtual users draw their requests from. */
export interface Population {
  readonly userIds: readonly string[]
  /** May be empty: the filtered task then excludes items only. */
  readonly categories: readonly string[]
  readonly itemIds: readonly string[]
}

/** How one request ended. A failure's kind is `connect`, `timeout`, `reset`, `tls`, `status <code>`, `check` or
 * `invalid response` (not HTTP). */
export type Outcome =
  | {
      readonly ok: true
      readonly task: string
      readonly latencyUs: number
      readonly model: string | undefined
    }
  | { readonly ok: false; readonly task: string; readonly kind: string; readonly detail: string }

/** Which certificates are trusted, where it is not those that the system trusts. */
export interface TlsTrust {
  /** Any certificate will do. */
  readonly insecure: boolean
  /** Of authorities, in PEM, instead of the system's. */
  readonly ca: string | undefined
}

/** Where requests go. The address is fixed once it has been checked: no name is resolved again. */
export interface Target {
  /** Scheme, host and port. */
  readonly origin: string
  /** Path before every route, without a slash at its end; empty as a rule. */
  readonly basePath: string
  readonly hostname: string
  /** The IP address that every connection is made to. */
  readonly address: string
  readonly tls?: TlsTrust | undefined
  /** HTTP/2 where the server offers it over TLS; else HTTP/1.1. */
  readonly http2?: boolean | undefined
}

export interface LoadTestOptions {
  readonly url: string
  /** Hosts outside of this machine that may be loaded, as they stand in the URL. */
  readonly allowedHosts: readonly string[]
  /** Virtual users at full load, 1 to 20,000. */
  readonly users: number
  /** Users started a second. */
  readonly spawnRate: number
  /** Arrivals a second of an open model, which `users` serve; left out: every user asks again after thinking. */
  readonly rate?: number | undefined
  /** Levels of users, or of arrivals where there is a rate, one after the other; they make up the run time. */
  readonly stages?: readonly LoadStage[] | undefined
  readonly tls?: TlsTrust | undefined
  readonly http2?: boolean | undefined
  readonly arrivals?: ArrivalLaw | undefined
  readonly runTimeMs: number
  /** A user thinks between two requests for a time drawn uniformly from here; left out: as the scenario says. */
  readonly waitMs?: readonly [min: number, max: number] | undefined
  /** Longest time one request may take, connection included. */
  readonly timeoutMs: number
  /** Threads that the users are shared between; left out: this one alone. */
  readonly threads?: number | undefined
  /** Items asked for. */
  readonly k: number
  readonly seed: number
  readonly goals: readonly Goal[]
  /** Ends the test as soon as goals of latency or success are missed for some seconds in a row. */
  readonly abortOnFail?: boolean | undefined
  /** Ends the test early; requests in flight are then cut off and counted as unfinished. */
  readonly signal?: AbortSignal
  /** Called when users start, with what can be changed while they are at work. */
  readonly onStart?: (control: LoadControl) => void
  /** Called once a second. */
  readonly onSecond?: (progress: LoadProgress) => void
}

export interface LoadControl {
  /** Users come and go at the spawn rate until there are so many. Of a closed model without stages. */
  setUsers(users: number): void
}

export type GoalMeasure = 'p50' | 'p75' | 'p90' | 'p95' | 'p99' | 'max' | 'success' | 'rps'

/** `measure` in ms for latencies, in percent for success, in requests a second for rps. */
export interface Goal {
  /** Of this request of the scenario alone. */
  readonly request?: string
  readonly measure: GoalMeasure
  readonly operator: '<' | '<=' | '>' | '>='
  readonly limit: number
}

export interface GoalResult {
  /** `p95 < 100 ms` */
  readonly goal: string
  /** null when nothing was measured. */
  readonly actual: number | null
  readonly met: boolean
}

/** Milliseconds, of the requests that succeeded. */
export interface Latency {
  readonly p50: number
  readonly p75: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface TaskReport {
  /** Of a request of the scenario, or `all`. */
  readonly task: string
  readonly requests: number
  readonly successes: number
  readonly failures: number
  readonly successPercent: number
  /** Requests that ended, failed ones too, over the whole time. */
  readonly requestsPerSecond: number
  /** null without a success. */
  readonly latencyMs: Latency | null
  /**
   * The same with the requests that a waiting user of the closed model could not send (coordinated omission; Tene 2013); null in
   * the open model, whose latencies count from when they were due.
   */
  readonly correctedMs?: Latency | null
}

/** What happened in one second. */
export interface SecondSample {
  /** When it ended, counted from the start; the last one may be shorter or, when answers were slow, longer. */
  readonly second: number
  readonly users: number
  readonly requests: number
  readonly requestsPerSecond: number
  readonly failures: number
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

export interface LoadProgress extends SecondSample {
  /** Since the start; `latencyMs` too. */
  readonly tasks: readonly TaskReport[]
  readonly all: TaskReport
}

export interface FailureCount {
  readonly kind: string
  readonly count: number
  /** Path and reason of the first one. */
  readonly example: string
}

export interface ModelCount {
  /** `name v3`, or the name alone for a model without a version. */
  readonly model: string
  readonly responses: number
}

/** What an open model did beside its latencies, which count from when each arrival was due. */
export interface OpenModelReport {
  /** Arrivals a second. */
  readonly rate: number
  readonly arrivals: ArrivalLaw
  /** Arrivals due in the run time, and those of them that were begun. */
  readonly planned: number
  readonly begun: number
  /** From being due to being sent, of arrivals that somebody was waiting for: the generator's own share of every latency. */
  readonly latenessMs: Latency | null
  /** From being sent, of first requests: what a closed model would have shown. */
  readonly rawLatencyMs: Latency | null
  /** Of both, what reports of several machines are merged by: HdrHistogram V2, deflated, base64. Older reports have none. */
  readonly histograms?: { readonly lateness: string; readonly raw: string }
}

/** The `--json` document of `recsys loadtest`. */
export interface LoadReport {
  readonly url: string
  /** `recommendations` is the built-in one. */
  readonly scenario: string
  readonly users: number
  readonly spawnRate: number
  /** null for the closed model. */
  readonly open: OpenModelReport | null
  readonly waitMs: readonly [min: number, max: number]
  readonly timeoutMs: number
  readonly k: number
  readonly seed: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly elapsedMs: number
  /** True when it was ended before its run time. */
  readonly interrupted: boolean
  /** The goals for which it was ended early, with --abort-on-fail; null when it ran to its end. */
  readonly aborted?: string | null
  readonly all: TaskReport
  readonly tasks: readonly TaskReport[]
  readonly failures: readonly FailureCount[]
  /** Requests cut off by an interruption; they count as neither success nor failure. */
  readonly unfinished: number
  readonly models: readonly ModelCount[]
  readonly goals: readonly GoalResult[]
  readonly goalsMet: boolean
  readonly generator: GeneratorHealth
  readonly timeline: readonly SecondSample[]
  /** By task: what reports of several machines are merged by, and runs compared by. */
  readonly distributions: Readonly<Record<string, Distribution>>
}

/** Histograms of equal spans of time, one after another. */
export interface EncodedBlocks {
  /** Length of each span; the last may be shorter. */
  readonly seconds: number
  /** HdrHistogram V2, deflated, base64. */
  readonly histograms: readonly string[]
}

/** Latencies of the successes of one task in µs, encoded. */
export interface Distribution {
  /** HdrHistogram V2, deflated, base64. */
  readonly histogram: string
  /** The same by spans of time. */
  readonly blocks: EncodedBlocks
}

/** Whether the load generator itself was the bottleneck. */
export interface GeneratorHealth {
  /** Of one core. */
  readonly cpuPercent: number
  /** 99th percentile of the delay of its event loop: latencies are uncertain by as much. */
  readonly loopDelayP99Ms: number
  /** Share of the time that its event loop was busy. */
  readonly utilization: number
  /** False: the figures are the generator's rather than the server's, goals count as missed and nothing is attached. */
  readonly valid: boolean
  /** Why it is not. */
  readonly reasons: readonly string[]
}
