import type { ServerStatus, VersionReport } from './types.ts'

/** A second of the server, over all threads: what clients asked for, answered from a model or not. */
export interface LiveSecond {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly answers: number
  readonly errors: number
  /** Milliseconds; null without answers. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
}

/** What a running server knows of itself. */
export interface LiveReport {
  readonly status: ServerStatus
  /** The last ten minutes, the oldest first. */
  readonly seconds: readonly LiveSecond[]
  readonly versions: VersionReport
  /** Of the answers kept for equal requests, since the start. */
  readonly cache: { readonly hits: number; readonly misses: number }
}
