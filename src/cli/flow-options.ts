import { Flags } from '@oclif/core'
import { showDuration } from '../duration.ts'
import { RecsysError } from '../errors.ts'
import { mermaidGraph, treeGraph } from '../flow/graph.ts'
import type { Flow, FlowSetting, Task } from '../flow/types.ts'
import { latestInteractions } from '../pipeline/lake-queries.ts'
import type { ParamValues } from '../registry/types.ts'
import { renderTable } from './table.ts'

/** What every command that runs a flow takes. */
export const flowFlags = {
  resume: Flags.string({
    description:
      'flow run id, or the beginning of one: go on with it as it was planned, without repeating what succeeded',
  }),
  from: Flags.string({
    description:
      'task: a new run that begins there and takes over the rest from the last run, or from the one of --resume',
  }),
  'dry-run': Flags.boolean({ description: 'print the plan and run nothing', default: false }),
  graph: Flags.boolean({
    description: 'print the flow as a tree and as a Mermaid chart, and run nothing',
    default: false,
  }),
  cache: Flags.boolean({
    description: 'take results of earlier runs where nothing they depend on has changed',
    default: true,
    allowNo: true,
  }),
  cause: Flags.string({ description: 'what started it, for the registry', default: 'by hand', hidden: true }),
}

/** What the machine and the command line say about a run. */
export function flowSetting(
  flags: { readonly 'data-dir': string; readonly cache: boolean; readonly cause: string },
  signal: AbortSignal,
  onNews: NonNullable<FlowSetting['onNews']>,
): FlowSetting {
  const dataDir = flags['data-dir']
  return {
    ...{ dataDir, cause: flags.cause, useCache: flags.cache, signal, onNews },
    env: process.env,
    lakeVersion: () => latestInteractions(dataDir),
  }
}

/** `--param algo=als`. @throws RECSYS_USAGE */
export function paramsFrom(texts: readonly string[]): ParamValues {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
      throw new RecsysError('RECSYS_USAGE', {
        message: `--param is ${JSON.stringify(text)}, expected name=value`,
        field: 'param',
      })
    }),
  )
}

/** The `--json` document of `--dry-run` and `--graph`. */
export interface FlowPlan {
  readonly flow: Flow
  readonly tree: string
  readonly mermaid: string
}

export function planOf(flow: Flow): FlowPlan {
  return { flow, tree: treeGraph(flow), mermaid: mermaidGraph(flow) }
}

export function planText({ flow }: FlowPlan): string {
  const rows = flow.tasks.map((task) => [task.id, task.needs.join(', '), commandText(task), policyText(task)])
  const params = Object.entries(flow.params).map(([name, value]) => `${name}=${value}`)
  return [
    `${flow.name}: ${flow.tasks.length} tasks, ${flow.maxParallel} at once at most${params.length > 0 ? `; ${params.join(' ')}` : ''}`,
    renderTable(['task', 'after', 'runs', 'policy'], rows),
  ].join('\n')
}

export function graphText({ tree, mermaid }: FlowPlan): string {
  return `${tree}\n\n${mermaid}`
}

function commandText({ command }: Task): string {
  return command.kind === 'shell' ? `$ ${command.line}` : ['recsys', ...command.args].join(' ')
}

function policyText({ retry, timeoutMs, cache, mayFail, when, undo }: Task): string {
  return [
    ...(retry.attempts > 1 ? [`${retry.attempts} attempts`] : []),
    ...(timeoutMs === null ? [] : [`${showDuration(timeoutMs)} at most`]),
    ...(cache === null ? [] : ['cached']),
    ...(mayFail ? ['may fail'] : []),
    ...(when === 'all-succeeded' ? [] : [when]),
    ...(undo === null ? [] : ['is taken back when the flow fails']),
  ].join(', ')
}
