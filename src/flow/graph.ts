import type { Flow, Task } from './types.ts'

/** The flow as a Mermaid flowchart, for a README or a wiki. */
export function mermaidGraph({ tasks }: Flow): string {
  const name = new Map(tasks.map(({ id }, index) => [id, `t${index}`]))
  const label = ({ id, description }: Task) =>
    description === '' ? id : `${id}<br/>${description.replaceAll('"', "'")}`
  return [
    'flowchart LR',
    ...tasks.map((task) => `  ${name.get(task.id)}["${label(task)}"]`),
    ...tasks.flatMap(({ id, needs, when }) => {
      const arrow = when === 'all-succeeded' ? '-->' : `-.->|${when.replace('-', ' ')}|`
      return needs.map((need) => `  ${name.get(need)} ${arrow} ${name.get(id)}`)
    }),
  ].join('\n')
}

/** The flow as a tree for a terminal: a task stands below the last of those it needs, which it names besides. */
export function treeGraph({ name, tasks }: Flow): string {
  const parentOf = new Map(tasks.map(({ id, needs }) => [id, deepest(tasks, needs)]))
  const childrenOf = (parent: string | undefined) => tasks.filter(({ id }) => parentOf.get(id) === parent)
  const branch = (parent: string | undefined, indent: string): string[] =>
    childrenOf(parent).flatMap((task, index, all) => {
      const isLast = index === all.length - 1
      return [
        `${indent}${isLast ? '└─' : '├─'} ${lineOf(task, parent)}`,
        ...branch(task.id, `${indent}${isLast ? '   ' : '│  '}`),
      ]
    })
  return [name, ...branch(undefined, '')].join('\n')
}

function deepest(tasks: readonly Task[], needs: readonly string[]): string | undefined {
  return tasks.findLast(({ id }) => needs.includes(id))?.id
}

function lineOf({ id, description, needs }: Task, parent: string | undefined): string {
  const others = needs.filter((need) => need !== parent)
  const also = others.length === 0 ? '' : ` (also after ${others.join(', ')})`
  return `${id}${also}${description === '' ? '' : `  ${description}`}`
}
