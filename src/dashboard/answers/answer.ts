import { RecsysError } from '../../errors.ts'
import { startFlow } from '../../flow/start-flow.ts'
import type { Answers, QuestionName } from '../types.ts'
import type { AnswerContext, QuestionParams } from './context.ts'
import { data } from './data.ts'
import { compare, model, models, overview, promoteVersion, rollBack } from './models.ts'
import { flow, flowLogs, flows, loadTests, run, runs, schedules, studies, study } from './runs.ts'
import { similar, tryUser, users } from './try-it.ts'

type Answerer<Name extends QuestionName> = (
  context: AnswerContext,
  params: QuestionParams,
) => Answers[Name] | Promise<Answers[Name]>

const answerers: { readonly [Name in QuestionName]: Answerer<Name> } = {
  ...{ overview, models, model, compare, runs, run, studies, study, flows, flow },
  ...{ schedules, data, users, similar },
  'flow-logs': flowLogs,
  try: tryUser,
  'load-tests': loadTests,
  promote: promoteVersion,
  rollback: rollBack,
  'retry-flow': retryFlow,
  'cancel-flow': ({ registry }, { flowRunId }) => {
    return { asked: registry.askToCancel(registry.flowRun(String(flowRunId)).flowRunId) }
  },
}

/** @throws what the question's answer throws */
export async function answer(
  context: AnswerContext,
  question: QuestionName,
  params: QuestionParams,
): Promise<Answers[QuestionName]> {
  return answerers[question](context, params)
}

/** A process of its own goes on with the flow; the page sees in the registry how it fares. */
function retryFlow(context: AnswerContext, { flowRunId, from }: QuestionParams): Answers['retry-flow'] {
  const { flowRunId: id, state, tasks } = context.registry.flowRun(String(flowRunId))
  if (state === 'running')
    throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
      message: `flow run ${id} is running`,
      remedy: 'Wait until it is done, or cancel it.',
    })
  if (from === undefined && state === 'succeeded')
    throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
      message: `flow run ${id} has succeeded`,
      remedy: 'Choose a task to begin at.',
    })
  if (from !== undefined && !tasks.some(({ task }) => task === from))
    throw new RecsysError('RECSYS_FLOW_INVALID', {
      message: `flow run ${id} has no task ${String(from).slice(0, 60)}`,
    })
  const begin = from === undefined ? [] : ['--from', String(from)]
  startFlow(['flow', 'resume', id, ...begin, '--cause', 'dashboard'], context)
  return { asked: true }
}
