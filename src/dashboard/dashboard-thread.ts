import type { MessagePort } from 'node:worker_threads'
import { RecsysError } from '../errors.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'
import type { DashboardAnswer, DashboardQuestion } from '../serving/dashboard-line.ts'
import { answer } from './answers/answer.ts'
import type { AnswerContext } from './answers/context.ts'
import { ModelShelf } from './answers/model-shelf.ts'
import { ChangeWatch } from './change-watch.ts'
import type { DashboardData, FromDashboard, ToDashboard } from './messages.ts'
import type { QuestionName } from './types.ts'

/** Answers the dashboard's questions, so that no request thread has to. */
export function runDashboard(data: DashboardData, port: MessagePort): void {
  const say = (message: FromDashboard) => port.postMessage(message)
  const models = new ModelShelf(data.dataDir)
  let registry: Registry | undefined
  const opened = () => {
    registry ??= openRegistry(data.dataDir)
    return registry
  }
  const watch = new ChangeWatch(data.dataDir, opened, (topics) => say({ type: 'changed', topics }))
  const answerOne = async (question: DashboardQuestion): Promise<DashboardAnswer> => {
    try {
      const context: AnswerContext = { ...data, registry: opened(), models }
      const value = await answer(context, question.question as QuestionName, question.params)
      return { json: JSON.stringify(value) }
    } catch (error) {
      return { error: errorOf(error) }
    }
  }
  port.on('message', (message: ToDashboard) => {
    switch (message.type) {
      case 'ask':
        void answerOne(message.question).then((found) =>
          say({ type: 'answer', id: message.id, answer: found }),
        )
        break
      case 'follow':
        watch.follow(message.isFollowed)
        break
      case 'stop':
        watch.follow(false)
        registry?.close()
        port.close()
        break
    }
  })
}

function errorOf(error: unknown): Extract<DashboardAnswer, { error: object }>['error'] {
  const known =
    error instanceof RecsysError ? error : new RecsysError('RECSYS_BUG', { message: String(error) })
  const { code, message, remedy, field } = known
  return { code, message, remedy, field }
}
