import { RecsysError } from '../errors.ts'
import { deliverDue } from '../flow/deliver-webhooks.ts'
import { type FlowReport, requireSuccess, resumeFlow, runFlow, runFlowFrom } from '../flow/run-flow.ts'
import type { Flow } from '../flow/types.ts'
import { lastFlowRun } from '../pipeline/flow-queries.ts'
import { type FlowDisplay, showFlow } from './flow-display.ts'
import { type FlowPlan, flowSetting, graphText, planOf, planText } from './flow-options.ts'
import { flowSummary } from './flow-tables.ts'

type RunFlags = Parameters<typeof flowSetting>[0]

export interface FlowRunning {
  readonly flags: RunFlags
  /** Undefined: of the run that is resumed. */
  readonly flow?: Flow
  readonly resume: string | undefined
  readonly from: string | undefined
  readonly signal: AbortSignal
  readonly display: FlowDisplay
  print(text: string): void
}

/**
 * Runs, resumes or begins a flow in its middle, shows it, and tells those who want to know.
 * @throws RECSYS_FLOW_FAILED when it did not succeed
 */
export async function runShown(running: FlowRunning): Promise<FlowReport> {
  const { flags, display, print, signal } = running
  const dataDir = flags['data-dir']
  let report: FlowReport
  try {
    report = await begin(running)
  } finally {
    await display.end()
  }
  print(flowSummary(report))
  await deliverDue(dataDir, signal)
  requireSuccess(report)
  return report
}

export interface FlowCommandFlags extends RunFlags {
  readonly quiet: boolean
  readonly graph: boolean
  readonly 'dry-run': boolean
  readonly resume: string | undefined
  readonly from: string | undefined
}

/** A flow as its command was asked for: shown, planned or run. */
export async function runOrPlan(
  flow: Flow,
  flags: FlowCommandFlags,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<FlowReport | FlowPlan> {
  if (flags.graph || flags['dry-run']) {
    const plan = planOf(flow)
    print(flags.graph ? graphText(plan) : planText(plan))
    return plan
  }
  const { resume, from } = flags
  return runShown({ flags, flow, resume, from, signal, display: showFlow({ silent: flags.quiet }), print })
}

function begin({ flags, flow, resume, from, signal, display }: FlowRunning): Promise<FlowReport> {
  const setting = flowSetting(flags, signal, display.onNews)
  if (from !== undefined) return runFlowFrom(from, resume ?? lastRunOf(flags['data-dir'], flow), setting)
  return resume === undefined ? runFlow(flow!, setting) : resumeFlow(resume, setting)
}

function lastRunOf(dataDir: string, flow: Flow | undefined): string {
  const last = flow && lastFlowRun(dataDir, flow)
  if (last) return last.flowRunId
  throw new RecsysError('RECSYS_FLOW_RUN_UNKNOWN', {
    message: `${flow?.name ?? 'the flow'} has not run yet: there is nothing to take over from`,
    field: 'from',
  })
}
