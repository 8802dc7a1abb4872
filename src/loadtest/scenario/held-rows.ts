import { RecsysError } from '../../errors.ts'
import { ZipfSampler } from '../zipf.ts'
import type { FeedValue } from './document.ts'
import { cellReader, type Feed, type Feeds } from './feeds.ts'
import type { UserState } from './types.ts'

const notDrawn = -1

/** The rows that one user holds: a feed's row is drawn when the first placeholder asks for it. */
interface HeldRows {
  readonly rows: Int32Array
  /** How many rows this user has drawn, of feeds with a cursor for each user. */
  readonly drawn: Int32Array
}

type CellGetter = (user: UserState) => FeedValue

/** Draws rows for users, as the feeds say. One for each thread; cursors that are shared are so between threads. */
export class RowDrawer {
  readonly #feeds: readonly Feed[]
  readonly #names: readonly string[]
  readonly #samplers: readonly (ZipfSampler | undefined)[]

  constructor(feeds: Feeds) {
    this.#names = Object.keys(feeds)
    this.#feeds = Object.values(feeds)
    this.#samplers = this.#feeds.map(({ order, nRows, exponent }) =>
      order === 'zipf' ? new ZipfSampler(nRows, exponent) : undefined,
    )
  }

  cell(feed: string, column: string): CellGetter {
    const f = this.#indexOf(feed)
    const read = cellReader(this.#feeds[f]!.columns[column]!)
    return (user) => read(this.#row(f, user))
  }

  /** All columns of the present row. */
  rowOf(feed: string, user: UserState): Readonly<Record<string, FeedValue>> {
    const f = this.#indexOf(feed)
    const row = this.#row(f, user)
    const columns = Object.entries(this.#feeds[f]!.columns)
    return Object.fromEntries(columns.map(([name, column]) => [name, cellReader(column)(row)]))
  }

  /** A task begins: rows that are held for one task are drawn anew. */
  startTask(user: UserState): void {
    const { rows } = this.#held(user)
    for (let f = 0; f < rows.length; f += 1) if (this.#feeds[f]!.hold === 'task') rows[f] = notDrawn
  }

  #indexOf(feed: string): number {
    const index = this.#names.indexOf(feed)
    if (index >= 0) return index
    throw new RecsysError('RECSYS_SCENARIO_INVALID', {
      message: `the scenario has no feed ${JSON.stringify(feed)}, expected one of ${this.#names.join(', ') || 'none'}`,
      field: 'scenario',
    })
  }

  #held(user: UserState): HeldRows {
    user.scenario ??= {
      rows: new Int32Array(this.#feeds.length).fill(notDrawn),
      drawn: new Int32Array(this.#feeds.length),
    } satisfies HeldRows
    return user.scenario as HeldRows
  }

  #row(f: number, user: UserState): number {
    const { rows, drawn } = this.#held(user)
    if (rows[f] === notDrawn) rows[f] = this.#draw(f, user, drawn)
    return rows[f]!
  }

  #draw(f: number, user: UserState, drawn: Int32Array): number {
    const feed = this.#feeds[f]!
    if (feed.order === 'zipf') return this.#samplers[f]!.draw(user.random) - 1
    if (feed.order === 'random') return Math.floor(user.random() * feed.nRows)
    if (feed.cursor === 'user') return (drawn[f]!++ >>> 0) % feed.nRows
    return (Atomics.add(feed.drawn, 0, 1) >>> 0) % feed.nRows
  }
}
