import type { RankingQuery } from '../ranking/served-model.ts'

/** A request as it can be asked again of another model. */
export interface RecentRequest {
  readonly url: string
  readonly userId: string
  readonly query: RankingQuery
  readonly explain: boolean
}

/** So many of the last different requests are asked again. */
const maxRecent = 512
/** The last requests for a ranking, each address once. */
export class RecentRequests {
  readonly #requests = new Map<string, RecentRequest>()

  remember(request: RecentRequest): void {
    const { url } = request
    if (!this.#requests.has(url) && this.#requests.size >= maxRecent) {
      this.#requests.delete(this.#requests.keys().next().value!)
    }
    this.#requests.set(url, request)
  }

  /** Newest first. */
  list(): RecentRequest[] {
    return [...this.#requests.values()].reverse()
  }
}
