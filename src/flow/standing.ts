import type { TaskResult, TaskState } from '../registry/flow-types.ts'
import type { Task } from './types.ts'

/** What has become of a task as far as those behind it are concerned. */
export interface Standing {
  readonly state: TaskState
  readonly result: TaskResult | null
  /** It was skipped because something before it had failed, not because it was not needed. */
  readonly isBlocked?: boolean
}

const good: readonly TaskState[] = ['succeeded', 'cached']

/** Why a task cannot run after what became of those it needs; undefined when it can. */
export function obstacleOf(
  { needs: ids, when }: Task,
  needs: readonly Standing[],
): { readonly message: string; readonly isBlocked: boolean } | undefined {
  if (when === 'all-done') return undefined
  const obstacles = needs.flatMap((need, index) =>
    good.includes(need.state) ? [] : [{ need, id: ids[index] }],
  )
  const isEnough = when === 'any-succeeded' ? obstacles.length < needs.length : obstacles.length === 0
  if (isEnough || needs.length === 0) return undefined
  const isBlocked = obstacles.some(({ need }) => need.state !== 'skipped' || need.isBlocked === true)
  return { message: obstacles.map(({ id, need }) => `${id} ${need.state}`).join(', '), isBlocked }
}
