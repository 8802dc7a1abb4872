import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import type { FlowRunDetails, FlowState } from '../registry/flow-types.ts'
import { openRegistry } from '../registry/registry.ts'
import { FlowRunner } from './flow-runner.ts'
import { withDescendants } from './order.ts'
import { endLeftovers } from './task-process.ts'
import type { Flow, FlowSetting } from './types.ts'

/** The `--json` document of a flow that ran. */
export interface FlowReport {
  readonly flowRunId: string
  readonly flow: string
  readonly state: FlowState
  readonly message: string | null
  readonly durationMs: number
  readonly tasks: FlowRunDetails['tasks']
}

/**
 * Runs a flow from its beginning. Every change of a task is in the registry before the next thing happens, so that a run that is
 * killed at any moment can be resumed.
 * @throws RECSYS_FLOW_LOCKED; RECSYS_INTERRUPTED when it was ended by the signal. A flow that fails is returned, not thrown.
 */
export function runFlow(flow: Flow, setting: FlowSetting): Promise<FlowReport> {
  return runWith(setting, (registry) => {
    const flowRunId = registry.createFlowRun({
      ...{ flow: flow.name, lock: flow.lock, plan: flow, params: flow.params, cause: setting.cause },
      ...{ parentFlowRunId: null, programVersion: programVersion() },
      tasks: flow.tasks.map(({ id }) => ({ task: id })),
    })
    return { flowRunId, flow, leftovers: [] }
  })
}

/**
 * Goes on with a run that crashed, failed or was cancelled, under its id: what succeeded is not run again.
 * @throws RECSYS_FLOW_RUN_UNKNOWN, RECSYS_FLOW_LOCKED, RECSYS_REGISTRY_CONFLICT for one that runs or has succeeded
 */
export function resumeFlow(flowRunId: string, setting: FlowSetting): Promise<FlowReport> {
  return runWith(setting, (registry) => {
    const run = registry.flowRun(flowRunId)
    const leftovers = registry.resumeFlowRun(run.flowRunId)
    return { flowRunId: run.flowRunId, flow: run.plan as Flow, leftovers }
  })
}

/**
 * A new run of the flow of an earlier one that begins at a task: it and what stands behind it run, everything else is taken over.
 * @throws RECSYS_FLOW_INVALID when there is no such task, or one that would be taken over has not succeeded
 */
export function runFlowFrom(task: string, earlier: string, setting: FlowSetting): Promise<FlowReport> {
  return runWith(setting, (registry) => {
    const run = registry.flowRun(earlier)
    const flow = run.plan as Flow
    const again = withDescendants(flow.tasks, requireTask(flow, task))
    const flowRunId = registry.createFlowRun({
      ...{ flow: flow.name, lock: flow.lock, plan: flow, params: flow.params, cause: setting.cause },
      ...{ parentFlowRunId: run.flowRunId, programVersion: programVersion() },
      tasks: flow.tasks.map(({ id }) => {
        return again.has(id) ? { task: id } : { task: id, takenOver: resultOf(run, id, task) }
      }),
    })
    return { flowRunId, flow, leftovers: [] }
  })
}

type Registry = ReturnType<typeof openRegistry>

interface Begun {
  readonly flowRunId: string
  readonly flow: Flow
  readonly leftovers: ReturnType<Registry['resumeFlowRun']>
}

async function runWith(setting: FlowSetting, begin: (registry: Registry) => Begun): Promise<FlowReport> {
  const start = performance.now()
  const registry = openRegistry(setting.dataDir)
  try {
    const { flowRunId, flow, leftovers } = begin(registry)
    setting.onNews?.({ type: 'begun', flowRunId, flow })
    await endLeftovers(leftovers)
    await new FlowRunner(registry, flowRunId, flow, setting).run()
    const { state, message, tasks } = registry.flowRun(flowRunId)
    if (state === 'crashed') throw interrupted(flowRunId)
    const durationMs = Math.round(performance.now() - start)
    return { flowRunId, flow: flow.name, state, message, durationMs, tasks }
  } finally {
    registry.close()
  }
}

function interrupted(flowRunId: string): RecsysError {
  return new RecsysError('RECSYS_INTERRUPTED', {
    message: `flow run ${flowRunId} was interrupted`,
    remedy: `Go on with \`recsys flow resume ${flowRunId}\`: what succeeded is not run again.`,
    data: { flowRunId },
  })
}

function requireTask({ name, tasks }: Flow, task: string): string {
  if (tasks.some(({ id }) => id === task)) return task
  throw new RecsysError('RECSYS_FLOW_INVALID', {
    message: `${name} has no task ${JSON.stringify(task)}, expected one of ${tasks.map(({ id }) => id).join(', ')}`,
    field: 'from',
  })
}

function resultOf(run: FlowRunDetails, task: string, from: string) {
  const { state, result, cachedFrom } = run.tasks.find((each) => each.task === task)!
  if (state === 'succeeded' || state === 'cached') return { result, from: cachedFrom ?? run.flowRunId }
  throw new RecsysError('RECSYS_FLOW_INVALID', {
    message: `task ${task} of run ${run.flowRunId} is ${state}: nothing can be taken over from it, and ${from} begins behind it`,
    remedy: `Begin at ${task}, or go on with \`recsys flow resume ${run.flowRunId}\`.`,
    field: 'from',
  })
}

/**
 * Whoever runs a flow for a script wants its exit code: that of the task that failed where it is one of ours.
 * @throws RECSYS_FLOW_FAILED, or the error of the task
 */
export function requireSuccess(report: FlowReport): void {
  if (report.state === 'succeeded') return
  const { flow, flowRunId, state, message } = report
  throw new RecsysError('RECSYS_FLOW_FAILED', {
    message: `${flow} ${state}: ${message ?? 'no reason was written down'}`,
    remedy: `See \`recsys flow show ${flowRunId} --logs\`; when the cause is mended, \`recsys flow resume ${flowRunId}\` goes on without repeating what succeeded.`,
    data: { ...report },
  })
}
