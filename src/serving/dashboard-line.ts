/** What is asked of the dashboard's thread, as the route has checked it. */
export interface DashboardQuestion {
  readonly type: 'dashboard'
  readonly question: string
  readonly params: Readonly<Record<string, string | number | boolean | undefined>>
}

/** The answer as JSON text, which request threads hand on as it is, or why there is none. */
export type DashboardAnswer =
  | { readonly json: string }
  | {
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
        readonly field?: string | undefined
      }
    }

/** What a change was about. */
export type DashboardTopic = 'registry' | 'data' | 'live'

/** What somebody who follows the dashboard is told, once a second at most. */
export interface DashboardNews {
  readonly topics: readonly DashboardTopic[]
}

/** The thread behind the dashboard, as a server sees it: questions would hold up requests where those are answered. */
export interface DashboardLine {
  ask(question: DashboardQuestion): Promise<DashboardAnswer>
  /** Tells what has changed, as long as somebody follows. */
  follow(onChange: (topics: readonly DashboardTopic[]) => void): void
  unfollow(): void
  stop(): Promise<void>
}
