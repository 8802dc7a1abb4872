import type { Task } from './types.ts'

/**
 * The tasks, each behind what it needs, otherwise in the order they were written.
 * @returns the ids of a circle where there is one
 */
export function inOrder(tasks: readonly Task[]): {
  readonly tasks: readonly Task[]
  readonly circle: readonly string[]
} {
  const left = new Map(tasks.map((task) => [task.id, task]))
  const ordered: Task[] = []
  while (left.size > 0) {
    const next = [...left.values()].find(({ needs }) => !needs.some((id) => left.has(id)))
    if (next === undefined) return { tasks: ordered, circle: circleIn(left) }
    ordered.push(next)
    left.delete(next.id)
  }
  return { tasks: ordered, circle: [] }
}

function circleIn(left: ReadonlyMap<string, Task>): string[] {
  const path: string[] = []
  let id = [...left.keys()][0]!
  while (!path.includes(id)) {
    path.push(id)
    id = left.get(id)!.needs.find((need) => left.has(need))!
  }
  return [...path.slice(path.indexOf(id)), id]
}

/** A task and all that stand behind it. */
export function withDescendants(tasks: readonly Task[], id: string): ReadonlySet<string> {
  const found = new Set([id])
  for (const task of tasks) if (task.needs.some((need) => found.has(need))) found.add(task.id)
  return found
}
