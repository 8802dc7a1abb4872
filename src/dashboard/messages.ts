import type { DashboardAnswer, DashboardQuestion, DashboardTopic } from '../serving/dashboard-line.ts'

/** What the dashboard's thread and whoever started it say to each other. */
export type ToDashboard =
  | { readonly type: 'ask'; readonly id: number; readonly question: DashboardQuestion }
  | { readonly type: 'follow'; readonly isFollowed: boolean }
  | { readonly type: 'stop' }

export type FromDashboard =
  | { readonly type: 'answer'; readonly id: number; readonly answer: DashboardAnswer }
  | { readonly type: 'changed'; readonly topics: readonly DashboardTopic[] }

/** What the thread is started with. */
export interface DashboardData {
  readonly dataDir: string
  readonly modelName: string
  /** What flows that the page starts again see of the environment, and where they run. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
}
