import type { DashboardNews } from '../dashboard-line.ts'

/** The pages that follow the dashboard by one thread. Nothing is watched while there are none. */
export class DashboardFollowers {
  readonly #listeners = new Set<(news: DashboardNews) => void>()
  readonly #onCount: (count: number) => void

  constructor(onCount: (count: number) => void) {
    this.#onCount = onCount
  }

  /** @returns a function that ends it */
  add(listener: (news: DashboardNews) => void): () => void {
    this.#listeners.add(listener)
    this.#onCount(this.#listeners.size)
    return () => {
      if (this.#listeners.delete(listener)) this.#onCount(this.#listeners.size)
    }
  }

  tell(news: DashboardNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}
