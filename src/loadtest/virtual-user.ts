import type { Connection, Failure } from './connection.ts'
import { drawBetween, type Random } from './random.ts'
import { checkBody } from './response-check.ts'
import { drawRequest } from './scenario.ts'
import type { Outcome, Population, TaskName, TaskRequest } from './types.ts'

export interface VirtualUserOptions {
  readonly connection: Connection
  readonly basePath: string
  readonly population: Population
  readonly k: number
  readonly waitMs: readonly [min: number, max: number]
  readonly random: Random
  readonly record: (outcome: Outcome, path: string) => void
}

/** Asks, waits for the answer, thinks, and asks again: a closed loop, as a person at a page. */
export class VirtualUser {
  readonly #options: VirtualUserOptions
  #stopping = false
  #cutOff = false
  #wake: () => void = () => undefined

  constructor(options: VirtualUserOptions) {
    this.#options = options
  }

  /** Resolves when the user has stopped; the number of requests cut off, 0 or 1. */
  async run(): Promise<number> {
    while (!this.#stopping) {
      await this.#ask()
      if (!this.#stopping) await this.#think()
    }
    this.#options.connection.discard()
    return this.#cutOff ? 1 : 0
  }

  /** No further request; the one in flight is finished. */
  stop(): void {
    this.#stopping = true
    this.#wake()
  }

  /** No further request; the one in flight is cut off and not counted. */
  cutOff(): void {
    this.stop()
    this.#options.connection.discard()
  }

  async #ask(): Promise<void> {
    const { connection, basePath, population, k, random, record } = this.#options
    const request = drawRequest(population, k, random)
    const outcome = await ask(connection, basePath, request)
    if (outcome) record(outcome, request.path)
    else this.#cutOff = true
  }

  #think(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drawBetween(this.#options.waitMs, this.#options.random))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** undefined for a request that was cut off. */
async function ask(
  connection: Connection,
  basePath: string,
  request: TaskRequest,
): Promise<Outcome | undefined> {
  const { task, path } = request
  const answer = await connection.get(basePath + path)
  if ('kind' in answer) return failure(task, answer)
  const { status, text, latencyUs } = answer
  if (status !== 200) return { ok: false, task, kind: `status ${status}`, detail: text }
  const verdict = checkBody(request, text)
  if ('wrong' in verdict) return { ok: false, task, kind: 'invalid response', detail: verdict.wrong }
  return { ok: true, task, latencyUs, model: verdict.model }
}

function failure(task: TaskName, { kind, error }: Failure): Outcome | undefined {
  return kind === 'discarded' ? undefined : { ok: false, task, kind, detail: error.message }
}
