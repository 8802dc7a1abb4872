import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowRunDetails } from '../../registry/flow-types.ts'
import type { RunStatus } from '../../registry/types.ts'
import type { Answers, RunAnswer } from '../types.ts'
import type { AnswerContext, QuestionParams } from './context.ts'

/** What a task has said beyond this is in the flow's own log. */
const mostLines = 500

export function runs({ registry }: AnswerContext, params: QuestionParams): Answers['runs'] {
  const { limit, offset, algorithm, status, sort, order } = params
  const page = registry.runPage({
    ...{ limit: Number(limit), offset: Number(offset), descending: order !== 'ascending' },
    ...(algorithm === undefined ? {} : { algorithm: String(algorithm) }),
    ...(status === undefined ? {} : { status: status as RunStatus }),
    ...(sort === undefined ? {} : { sort: String(sort) }),
    parentRunId: null,
  })
  return { ...page, algorithms: registry.runAlgorithms() }
}

export function run({ registry, dataDir }: AnswerContext, { runId }: QuestionParams): RunAnswer {
  const found = registry.run(String(runId))
  const version = registry.versionOfRun(found.runId) ?? null
  const path = version?.artifactPath ?? found.artifact?.artifactPath
  const flow = flowTaskOf(found.onceKey)
  return {
    ...{ run: found, epochs: registry.epochs(found.runId), version, flow },
    files: path === undefined ? [] : filesIn(join(dataDir, path)),
    lines: flow ? registry.flowLogs(flow.flowRunId, { task: flow.task, limit: mostLines }) : [],
  }
}

/** Trainings of a flow carry `run/task` as their key. */
function flowTaskOf(onceKey: string | null): RunAnswer['flow'] {
  const [, flowRunId, task] = /^([a-z0-9]{12})\/([\w-]+)/.exec(onceKey ?? '') ?? []
  return flowRunId === undefined ? null : { flowRunId, task: task! }
}

function filesIn(directory: string): RunAnswer['files'] {
  try {
    return readdirSync(directory).map((name) => ({ name, bytes: statSync(join(directory, name)).size }))
  } catch (error) {
    // Its files were deleted, as by `recsys gc`.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export function studies({ registry }: AnswerContext): Answers['studies'] {
  return { studies: registry.studies() }
}

export function study({ registry }: AnswerContext, { runId }: QuestionParams): Answers['study'] {
  const found = registry.run(String(runId))
  return { study: found, trials: registry.runs({ parentRunId: found.runId, limit: 5000 }) }
}

export function flows({ registry }: AnswerContext, { limit }: QuestionParams): Answers['flows'] {
  const found = registry.flowRuns({ limit: Number(limit) })
  return {
    runs: found.map(({ plan: _, ...run }) => ({
      ...run,
      tasks: registry.flowRun(run.flowRunId).tasks.map(({ task, state }) => ({ task, state })),
    })),
  }
}

export function flow(
  { registry }: AnswerContext,
  { flowRunId }: QuestionParams,
): { readonly run: FlowRunDetails } {
  return { run: registry.flowRun(String(flowRunId)) }
}

export function flowLogs({ registry }: AnswerContext, params: QuestionParams): Answers['flow-logs'] {
  const { flowRunId } = registry.flowRun(String(params.flowRunId))
  const task = params.task === undefined ? {} : { task: String(params.task) }
  return { lines: registry.flowLogs(flowRunId, { ...task, after: Number(params.after), limit: 2000 }) }
}

export function schedules({ registry }: AnswerContext): Answers['schedules'] {
  return {
    ...{
      schedules: registry.schedules(),
      firings: registry.firings({ limit: 50 }),
      webhooks: registry.webhooks(),
    },
    deliveries: registry.deliveries(20).map(({ secret: _, body: __, ...delivery }) => delivery),
  }
}

export function loadTests({ registry }: AnswerContext): Answers['load-tests'] {
  return { tests: registry.loadTests(100).map(summaryOf) }
}

interface KnownReport {
  readonly url?: string
  readonly goals?: readonly { readonly goal: string; readonly met: boolean }[]
  readonly timeline?: readonly {
    readonly second: number
    readonly requestsPerSecond?: number
    readonly p50Ms?: number | null
    readonly p95Ms?: number | null
  }[]
}

function summaryOf({
  name,
  version,
  at,
  figures,
  report,
}: ReturnType<AnswerContext['registry']['loadTests']>[number]) {
  const { url = null, goals = [], timeline = [] } = report as KnownReport
  return {
    ...{ name, version, at, figures, url },
    goals: goals.map(({ goal, met }) => ({ goal, met })),
    seconds: timeline.map(({ second, requestsPerSecond = null, p50Ms = null, p95Ms = null }) => ({
      ...{ second, requestsPerSecond, p50Ms, p95Ms },
    })),
  }
}
