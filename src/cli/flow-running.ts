import { RecsysError } from '../errors.ts'
import { deliverDue } from '../flow/deliver-webhooks.ts'
import { type FlowReport, requireSuccess, resumeFlow, runFlow, runFlowFrom } from '../flow/run-flow.ts'
import type { Flow } from '../flow/types.ts'
import { lastFlowRun } from '../pipeline/flow-queries.ts'
import type { FlowDisplay } from './flow-display.ts'
import { flowSetting } from './flow-options.ts'
import { flowSummary } from './flow-tables.ts'

export interface FlowRunning {
  readonly flags: { readonly 'data-dir': string; readonly cache: boolean; readonly cause: string }
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

function begin({ flags, flow, resume, from, signal, display }: FlowRunning): Promise<FlowReport> {
  const setting = flowSetting(flags, signal, display.onNews)
  if (from !== undefined) return runFlowFrom(from, resume ?? lastRunOf(flags['data-dir'], flow), setting)
  return resume === undefined ? runFlow(flow!, setting) : resumeFlow(resume, setting)
}

function lastRunOf(dataDir: string, flow: Flow | undefined): string {
  const last = flow && lastFlowRun(dataDir, flow.name)
  if (last) return last.flowRunId
  throw new RecsysError('RECSYS_FLOW_RUN_UNKNOWN', {
    message: `${flow?.name ?? 'the flow'} has not run yet: there is nothing to take over from`,
    field: 'from',
  })
}
