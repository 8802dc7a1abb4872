import type { Answer, Connection } from './connection.ts'
import { LoadUser } from './load-user.ts'
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
export class VirtualUser extends LoadUser {
  readonly #options: VirtualUserOptions

  constructor(options: VirtualUserOptions) {
    super(options.connection)
    this.#options = options
  }

  protected async work(): Promise<void> {
    const { scenario, state } = this.#options
    while (!this.isStopping) await this.#perform(drawTask(scenario, state))
  }

  /** A step that fails ends its task: the next ones would miss what it should have carried over. */
  async #perform({ steps }: Task): Promise<void> {
    const { waitMs, state, record } = this.#options
    for (const step of steps) {
      if (this.isStopping) return
      const { outcome, path } = await takeStep(step, this.#options)
      if (!outcome) return this.noteCutOff()
      record(outcome, path)
      if (!this.isStopping) await this.pause(thinkMs(step, waitMs, state.random))
      if (!outcome.ok) return
    }
  }
}

/** ms to think after a step. */
export function thinkMs(
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
    kind: isStatus ? `status ${status}` : 'check',
    detail: isStatus && text ? text : wrong,
  }
}
