import { showDuration } from '../duration.ts'
import type { FlowReport } from '../flow/run-flow.ts'
import type { FlowDetails, FlowList } from '../pipeline/flow-queries.ts'
import type { TaskRun } from '../registry/flow-types.ts'
import { between, printable, showTime } from './registry-text.ts'
import { renderTable } from './table.ts'

export function flowSummary({ flow, flowRunId, state, message, durationMs, tasks }: FlowReport): string {
  return [
    taskTable(tasks),
    `${flow} ${state} in ${showDuration(durationMs)}, flow run ${flowRunId}${message === null ? '' : `: ${printable(message, 300)}`}`,
  ].join('\n')
}

export function flowListTable({ runs }: FlowList): string {
  if (runs.length === 0) return 'No flow runs. Start one with `recsys retrain` or `recsys flow run FILE`.'
  const rows = runs.map((run) => [
    run.flowRunId,
    printable(run.flow),
    run.state,
    printable(run.cause),
    showTime(run.startedAt),
    run.finishedAt === null ? '' : showDuration(between(run.startedAt, run.finishedAt)),
    run.message === null ? '' : printable(run.message, 80),
  ])
  return renderTable(['run', 'flow', 'state', 'started by', 'started (UTC)', 'took', 'message'], rows)
}

export function flowDetailsText({ run, logs }: FlowDetails): string {
  const retried = run.attempts.filter(({ state, waitMs }) => state !== 'succeeded' || waitMs !== null)
  return [
    `${printable(run.flow)}, flow run ${run.flowRunId}: ${run.state}${run.message === null ? '' : `: ${printable(run.message, 300)}`}`,
    `started ${showTime(run.startedAt)} UTC, ${printable(run.cause)}${run.parentFlowRunId === null ? '' : `, from run ${run.parentFlowRunId}`}`,
    taskTable(run.tasks),
    ...(retried.length === 0
      ? []
      : [
          renderTable(
            ['task', 'attempt', 'state', 'exit code', 'next after', 'message'],
            retried.map(({ task, attempt, state, exitCode, waitMs, message }) => [
              task,
              attempt,
              state,
              exitCode === null ? '' : exitCode,
              waitMs === null ? '' : showDuration(waitMs),
              message === null ? '' : printable(message, 100),
            ]),
          ),
        ]),
    ...logs.map(({ at, task, line }) => `${at.slice(11, 19)} ${task}  ${printable(line, 500)}`),
  ].join('\n')
}

function taskTable(tasks: readonly TaskRun[]): string {
  const rows = tasks.map(({ task, state, attempts, startedAt, finishedAt, message }) => [
    task,
    state,
    attempts === 0 ? '' : attempts,
    startedAt !== null && finishedAt !== null ? showDuration(between(startedAt, finishedAt)) : '',
    message === null ? '' : printable(message, 100),
  ])
  return renderTable(['task', 'state', 'attempts', 'took', 'message'], rows)
}
