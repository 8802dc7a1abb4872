/** 1-based, as editors count. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A scenario file, validated: plain data, but for the functions of a module. Texts may hold `${…}` placeholders. */
export interface ScenarioDocument {
  readonly name: string
  /** Scheme, host, port and base path of the server, where the file names one. */
  readonly url?: string
  readonly urlAt?: Position
  readonly waitMs?: readonly [min: number, max: number]
  /** Sent with every request; names in lower case. */
  readonly headers: Texts
  readonly feeds: Readonly<Record<string, FeedDocument>>
  readonly setup: readonly StepDocument[]
  readonly tasks: readonly TaskDocument[]
  readonly teardown: readonly StepDocument[]
}

export type Texts = Readonly<Record<string, string>>

export interface TaskDocument {
  readonly name: string
  readonly weight: number
  readonly steps: readonly StepDocument[]
}

export interface StepDocument {
  readonly name: string
  readonly method: string
  /** Begins with a slash; query included. */
  readonly path: string
  readonly query: Texts
  readonly headers: Texts
  readonly body?: BodyDocument
  readonly check: CheckDocument
  readonly carry: Readonly<Record<string, CarryDocument>>
  readonly waitMs?: readonly [min: number, max: number]
  readonly at: Position
  /** Of a module: makes the request in place of `method`, `path`, `query`, `headers` and `body`. */
  readonly request?: RequestFunction
  /** Of a module: judges the answer after the declared checks. */
  readonly judge?: JudgeFunction
}

export type BodyDocument =
  | { readonly kind: 'json'; readonly value: Json }
  | { readonly kind: 'form'; readonly fields: Texts }
  | { readonly kind: 'text'; readonly text: string }

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface CheckDocument {
  /** Any below 400 when left out. */
  readonly status?: readonly StatusRange[]
  readonly contains: readonly string[]
  readonly regex: readonly string[]
  /** By JSON path. */
  readonly json: Readonly<Record<string, ValueCheck>>
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, ValueCheck>>
}

/** Both ends included. */
export type StatusRange = readonly [from: number, to: number]

export interface ValueCheck {
  readonly exists?: boolean
  readonly equals?: string | number | boolean | null
  readonly contains?: string
  readonly regex?: string
}

/** Where a value comes from that later steps use. A pattern gives its first group, or the whole match without one. */
export type CarryDocument =
  | { readonly from: 'json'; readonly path: string }
  | { readonly from: 'header'; readonly header: string; readonly regex?: string }
  | { readonly from: 'body'; readonly regex: string }

/** In which order rows are drawn. */
export type FeedOrder = 'sequential' | 'random' | 'zipf'

export interface FeedDocument {
  readonly order: FeedOrder
  /** Of Zipf's law: row r, counted from 1, is drawn in proportion to r^-exponent. */
  readonly exponent: number
  /** Sequential: one cursor for all users of the run, or one for each, from the first row. */
  readonly cursor: 'shared' | 'user'
  /** How long a drawn row is held: a run of a task, or the life of the user. */
  readonly hold: 'task' | 'user'
  readonly source: FeedSource
}

export type FeedSource =
  | { readonly kind: 'file'; readonly path: string; readonly format: 'csv' | 'parquet' }
  | { readonly kind: 'lake'; readonly table: LakeFeed }
  | { readonly kind: 'rows'; readonly rows: readonly Readonly<Record<string, FeedValue>>[] }

export type LakeFeed = 'users' | 'items' | 'categories'

export type FeedValue = string | number | boolean | null

/** What a function of a module gets. */
export interface ModuleUser {
  readonly index: number
  readonly random: () => number
  /** Values carried by earlier steps and by setup; a function may add its own. */
  readonly values: Record<string, unknown>
  /** The present row of a feed. */
  feed(name: string): Readonly<Record<string, FeedValue>>
}

export interface ModuleRequest {
  readonly method?: string
  /** Path and query, percent-encoded by the module itself. */
  readonly path: string
  readonly headers?: Texts
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown
}

export type RequestFunction = (user: ModuleUser) => ModuleRequest

export interface ModuleAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly text: string
}

/** What is wrong, in words, or false for nothing more to say than that it is. */
export type JudgeFunction = (answer: ModuleAnswer, user: ModuleUser) => string | boolean | undefined
