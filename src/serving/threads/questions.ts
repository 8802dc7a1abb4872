import type { Answer, FromRequestThread, Question } from '../messages.ts'

/**
 * Questions to the supervisor. Who asks what is being asked already gets the same answer: a flood costs one question. Commands are
 * each their own.
 */
export class Questions {
  readonly #say: (message: FromRequestThread) => void
  readonly #open = new Map<Question, Promise<Answer>>()
  readonly #resolvers = new Map<number, (answer: Answer) => void>()
  #last = 0

  constructor(say: (message: FromRequestThread) => void) {
    this.#say = say
  }

  ask(question: Question): Promise<Answer> {
    const open = this.#open.get(question)
    if (open) return open
    const id = ++this.#last
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#resolvers.set(id, (answer) => {
      this.#open.delete(question)
      resolve(answer)
    })
    this.#open.set(question, promise)
    this.#say({ type: 'ask', id, question })
    return promise
  }

  answered(id: number, answer: Answer): void {
    this.#resolvers.get(id)?.(answer)
    this.#resolvers.delete(id)
  }
}
