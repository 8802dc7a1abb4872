import type { RankingQuery } from '../ranking/served-model.ts'

/** A request as it can be asked again of another model. */
export interface RecentRequest {
  readonly url: string
  readonly userId: string
  readonly query: RankingQuery
  readonly explain: boolean
}

/** So many of the last requests are asked again. */
const maxRecent = 512

/** The last requests for a ranking. */
export class RecentRequests {
  readonly #requests: RecentRequest[] = []
  #next = 0

  remember(request: RecentRequest): void {
    this.#requests[this.#next] = request
    this.#next = (this.#next + 1) % maxRecent
  }

  /** Newest first, each address once. */
  list(): RecentRequest[] {
    const oldestFirst = [...this.#requests.slice(this.#next), ...this.#requests.slice(0, this.#next)]
    return [...new Map(oldestFirst.reverse().map((request) => [request.url, request])).values()]
  }
}
