import type { FlowRun, FlowRunDetails, FlowRunFilter, TaskLogLine } from '../registry/flow-types.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'
import { readRegistry, readRegistryOr } from './read-registry.ts'

/** The `--json` document of `recsys flow list`. */
export interface FlowList {
  /** The newest first. */
  readonly runs: readonly FlowRun[]
}

export function listFlowRuns({ dataDir, ...filter }: FlowRunFilter & { readonly dataDir: string }): FlowList {
  return { runs: readRegistryOr(dataDir, (registry) => registry.flowRuns(filter), []) }
}

/** The `--json` document of `recsys flow show`. */
export interface FlowDetails {
  readonly run: FlowRunDetails
  /** Empty unless asked for. */
  readonly logs: readonly TaskLogLine[]
}

/** @throws RECSYS_FLOW_RUN_UNKNOWN; a unique beginning of the id is enough */
export function showFlowRun(options: {
  readonly dataDir: string
  readonly flowRunId: string
  readonly logs: boolean
  readonly task?: string | undefined
}): FlowDetails {
  return readRegistry(options.dataDir, (registry) => {
    const run = registry.flowRun(options.flowRunId)
    const filter = options.task === undefined ? {} : { task: options.task }
    return { run, logs: options.logs ? registry.flowLogs(run.flowRunId, filter) : [] }
  })
}

/** The last run of a flow, where it has a lock of one with the same. */
export function lastFlowRun(
  dataDir: string,
  { name, lock }: { readonly name: string; readonly lock: string | null },
): FlowRun | undefined {
  const read = (registry: Registry) => registry.flowRuns({ flow: name }).find((run) => run.lock === lock)
  return readRegistryOr(dataDir, read, undefined)
}

/** The `--json` document of `recsys flow cancel`. */
export interface FlowCancelled {
  readonly flowRunId: string
  /** False: it was not running any more. */
  readonly asked: boolean
}

/** Asks a running flow to end; its runner ends the tasks and writes down what became of them. */
export function cancelFlowRun(dataDir: string, flowRunId: string): FlowCancelled {
  const registry = openRegistry(dataDir, { create: false })
  try {
    const { flowRunId: whole } = registry.flowRun(flowRunId)
    return { flowRunId: whole, asked: registry.askToCancel(whole) }
  } finally {
    registry.close()
  }
}
