import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lakeTables } from '../pipeline/lake-queries.ts'
import type { Registry } from '../registry/types.ts'
import type { DashboardTopic } from '../serving/dashboard-line.ts'

const pollMs = 500

/** Looks for commits in the registry and in the lake, while somebody follows. */
export class ChangeWatch {
  readonly #dataDir: string
  readonly #registry: () => Registry
  readonly #onChange: (topics: readonly DashboardTopic[]) => void
  #timer: NodeJS.Timeout | undefined
  #seen: Readonly<Record<'registry' | 'data', string>> | undefined

  constructor(
    dataDir: string,
    registry: () => Registry,
    onChange: (topics: readonly DashboardTopic[]) => void,
  ) {
    this.#dataDir = dataDir
    this.#registry = registry
    this.#onChange = onChange
  }

  follow(isFollowed: boolean): void {
    clearInterval(this.#timer)
    this.#timer = isFollowed ? setInterval(() => this.#look(), pollMs) : undefined
    // What whoever follows asks from now on is from after this state.
    this.#seen = isFollowed ? this.#state() : undefined
  }

  #state(): Readonly<Record<'registry' | 'data', string>> {
    return { registry: String(this.#registry().changeNumber()), data: this.#lakeState() }
  }

  #look(): void {
    const now = this.#state()
    const before = this.#seen
    this.#seen = now
    if (before === undefined) return
    const topics = (['registry', 'data'] as const).filter((topic) => now[topic] !== before[topic])
    if (topics.length > 0) this.#onChange(topics)
  }

  /** The newest commit of every table. */
  #lakeState(): string {
    return lakeTables.map((table) => newestIn(join(this.#dataDir, 'lake', table, '_delta_log'))).join()
  }
}

function newestIn(directory: string): string {
  try {
    return readdirSync(directory).sort().at(-1) ?? ''
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
