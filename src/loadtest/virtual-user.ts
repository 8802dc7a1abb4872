import type { Answer, Connection } from './connection.ts'
import { drawBetween } from './random.ts'
import type { RenderedRequest, Scenario, Step, Task, UserState } from './scenario/types.ts'
import type { Outcome } from './types.ts'

export interface VirtualUserOptions {
  readonly connection: Connection
  readonly basePath: string
  readonly scenario: Scenario
  readonly state: UserState
  /** Between two requests, where the step does not say otherwise. */
  readonly waitMs: readonly [min: number, max: number]
  readonly record: (outcome: Outcome, path: string) => void
}

/** Draws a task, does its steps one after the other, thinks after each: a closed loop, as a person at a page. */
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
    const { scenario, state, connection } = this.#options
    while (!this.#stopping) await this.#perform(drawTask(scenario, state))
    connection.discard()
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

  /** A step that fails ends its task: the next ones would miss what it should have carried over. */
  async #perform({ steps }: Task): Promise<void> {
    for (const step of steps) {
      if (this.#stopping) return
      const succeeded = await this.#ask(step)
      if (!this.#stopping) await this.#think(pause(step, this.#options.waitMs, this.#options.state.random))
      if (!succeeded) return
    }
  }

  async #ask(step: Step): Promise<boolean> {
    const { connection, basePath, scenario, state, record } = this.#options
    const { outcome, path } = await takeStep(step, { connection, basePath, scenario, state })
    if (outcome) record(outcome, path)
    else this.#cutOff = true
    return outcome?.ok === true
  }

  #think(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** ms to think after a step. */
export function pause(
  { waitMs }: Step,
  usual: readonly [min: number, max: number],
  random: UserState['random'],
): number {
  return drawBetween(waitMs ?? usual, random)
}

/** By weight. */
export function drawTask({ tasks }: Scenario, { random }: UserState): Task {
  const total = tasks.reduce((sum, { weight }) => sum + weight, 0)
  let place = random() * total
  for (const task of tasks) {
    place -= task.weight
    if (place < 0) return task
  }
  return tasks.at(-1) as Task
}

export interface StepContext {
  readonly connection: Connection
  readonly basePath: string
  readonly scenario: Scenario
  readonly state: UserState
}

/** Sends the request of a step and judges the answer; no outcome for one that was cut off. */
export async function takeStep(
  step: Step,
  { connection, basePath, scenario, state }: StepContext,
): Promise<{ readonly outcome: Outcome | undefined; readonly path: string }> {
  const task = scenario.requestNames[step.request] as string
  const request = step.render(state)
  const answer = await connection.send({ ...request, path: basePath + request.path }, step.needsBody)
  return { outcome: outcomeOf(task, step, request, answer, state), path: request.path }
}

function outcomeOf(
  task: string,
  step: Step,
  request: RenderedRequest,
  answer: Answer,
  state: UserState,
): Outcome | undefined {
  if ('kind' in answer) {
    const { kind, error } = answer
    return kind === 'discarded' ? undefined : { ok: false, task, kind, detail: error.message }
  }
  const { status, headers, text, latencyUs } = answer
  const wrong = step.check({ status, headers, text, request }, state)
  const { model } = state
  delete state.model
  if (wrong === undefined) return { ok: true, task, latencyUs, model }
  const isStatus = wrong.startsWith('status ')
  return {
    ok: false,
    task,
    kind: isStatus ? `status ${status}` : 'invalid response',
    detail: isStatus && text ? text : wrong,
  }
}
