import type {
  DashboardAnswer,
  DashboardLine,
  DashboardNews,
  DashboardQuestion,
  DashboardTopic,
} from '../dashboard-line.ts'

/** A server's end of the dashboard's thread, which is started when somebody asks for it first. */
export class DashboardDesk {
  readonly #start: (() => DashboardLine) | undefined
  readonly #tell: (news: DashboardNews) => void
  readonly #changed = new Set<DashboardTopic>()
  #line: DashboardLine | undefined
  #nListeners = 0
  #isStopped = false

  constructor(start: (() => DashboardLine) | undefined, tell: (news: DashboardNews) => void) {
    this.#start = start
    this.#tell = tell
  }

  ask(question: DashboardQuestion): Promise<DashboardAnswer> {
    const line = this.#line ?? this.#begin()
    return line ? line.ask(question) : Promise.resolve(noDashboard)
  }

  /** How many pages follow now. */
  listenersAre(count: number): void {
    const line = count > 0 ? (this.#line ?? this.#begin()) : this.#line
    if (count > 0 && this.#nListeners === 0)
      line?.follow((topics) => {
        for (const topic of topics) this.#changed.add(topic)
      })
    if (count === 0 && this.#nListeners > 0) line?.unfollow()
    this.#nListeners = count
  }

  /** Once a second at most pages are told, and only when there are some. */
  secondPassed(): void {
    if (this.#nListeners === 0) return
    this.#tell({ topics: ['live', ...this.#changed] })
    this.#changed.clear()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#line?.stop()
  }

  #begin(): DashboardLine | undefined {
    if (!this.#isStopped) this.#line = this.#start?.()
    return this.#line
  }
}

const noDashboard: DashboardAnswer = {
  error: {
    code: 'RECSYS_NOT_READY',
    message: 'this server has no dashboard',
    remedy: 'Start it with `recsys serve`, or use `recsys dashboard`.',
  },
}
