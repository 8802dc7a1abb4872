import { setTimeout as wait } from 'node:timers/promises'
import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import type { TaskChange, TaskResult, TaskState } from '../registry/flow-types.ts'
import { identityOf } from '../registry/process-identity.ts'
import type { Registry } from '../registry/types.ts'
import { cacheKey, isStillThere } from './cache-key.ts'
import { LogWriter } from './log-writer.ts'
import { obstacleOf, type Standing } from './standing.ts'
import { runTaskProcess, type TaskOutcome } from './task-process.ts'
import { paramsAsEnv, programOf } from './task-program.ts'
import { fillArguments } from './template.ts'
import type { Flow, FlowSetting, Task, TaskCommand } from './types.ts'
import { judge } from './verdict.ts'

/** How often the registry is asked whether somebody wants the run to end. */
const cancelPollMs = 500

/** Runs the tasks of one flow run, each as soon as what it needs is over. */
export class FlowRunner {
  readonly #registry: Registry
  readonly #flowRunId: string
  readonly #flow: Flow
  readonly #setting: FlowSetting
  readonly #log: LogWriter
  readonly #standings = new Map<string, Standing>()
  readonly #underWay = new Map<string, Promise<void>>()
  /** Ends the processes of tasks: by the signal, or because somebody cancelled. */
  readonly #end = new AbortController()
  #ending: 'crashed' | 'cancelled' | null = null
  /** Tasks whose processes run: one that waits for its next attempt leaves its place to others. */
  #nBusy = 0
  #placeFreed = Promise.withResolvers<void>()

  constructor(registry: Registry, flowRunId: string, flow: Flow, setting: FlowSetting) {
    this.#registry = registry
    this.#flowRunId = flowRunId
    this.#flow = flow
    this.#setting = setting
    this.#log = new LogWriter(registry, flowRunId, (line) => setting.onNews?.({ type: 'line', ...line }))
    for (const { task, state, result } of registry.flowRun(flowRunId).tasks) {
      if (state !== 'pending') this.#standings.set(task, { state, result })
    }
  }

  async run(): Promise<void> {
    const { signal } = this.#setting
    const onAbort = () => this.#stop('crashed')
    signal.addEventListener('abort', onAbort)
    const poll = setInterval(() => this.#obeyCancel(), cancelPollMs)
    try {
      if (signal.aborted) this.#stop('crashed')
      await this.#runTasks()
      await this.#conclude()
    } finally {
      clearInterval(poll)
      signal.removeEventListener('abort', onAbort)
      this.#log.close()
    }
  }

  #obeyCancel(): void {
    if (this.#ending === null && this.#registry.isCancelAsked(this.#flowRunId)) this.#stop('cancelled')
  }

  #stop(ending: 'crashed' | 'cancelled'): void {
    this.#ending ??= ending
    this.#end.abort()
  }

  async #runTasks(): Promise<void> {
    for (;;) {
      if (this.#ending === null) this.#startReady()
      if (this.#underWay.size === 0) return
      await Promise.race([...this.#underWay.values(), this.#placeFreed.promise])
    }
  }

  #startReady(): void {
    for (const task of this.#flow.tasks) {
      if (this.#standings.has(task.id) || this.#underWay.has(task.id)) continue
      const needs = task.needs.map((id) => this.#standings.get(id))
      if (!needs.every((need) => need !== undefined)) continue
      const obstacle = obstacleOf(task, needs)
      if (obstacle) this.#pass(task, obstacle.message, obstacle.isBlocked)
      else if (this.#nBusy < this.#flow.maxParallel) this.#start(task)
    }
  }

  #start(task: Task): void {
    this.#nBusy++
    const done = this.#perform(task).finally(() => {
      this.#underWay.delete(task.id)
      this.#leavePlace()
    })
    this.#underWay.set(task.id, done)
  }

  #leavePlace(): void {
    this.#nBusy--
    this.#placeFreed.resolve()
    this.#placeFreed = Promise.withResolvers<void>()
  }

  async #takePlace(): Promise<void> {
    while (this.#nBusy >= this.#flow.maxParallel) await this.#placeFreed.promise
    this.#nBusy++
  }

  /** Skips a task. Those behind it are looked at again in the same round: they stand behind it in the list. */
  #pass(task: Task, message: string, isBlocked: boolean): void {
    this.#registry.changeTask(this.#flowRunId, task.id, { state: 'skipped', message })
    this.#stand(task.id, { state: 'skipped', result: null, isBlocked }, 0, message)
  }

  async #perform(task: Task): Promise<void> {
    try {
      const command = this.#filled(task.command, task)
      const key = await this.#cacheKeyOf(task)
      const known = key !== null && this.#setting.useCache ? this.#cached(task, key) : undefined
      if (known) return this.#takeCached(task, key!, known)
      await this.#attempt(task, command, key)
    } catch (error) {
      if (!(error instanceof RecsysError)) throw error
      this.#log.say(task.id, 0, error.message)
      this.#registry.changeTask(this.#flowRunId, task.id, { state: 'failed', message: error.message })
      this.#stand(task.id, { state: 'failed', result: null }, 0, error.message)
    }
  }

  /** @param names  what the run and the task are called, which is different every time */
  #filled(
    command: TaskCommand,
    { id }: Pick<Task, 'id'>,
    names = { run: { id: this.#flowRunId }, task: { key: this.#keyOf(id) } },
  ): TaskCommand {
    if (command.kind === 'shell') return command
    const tasks = Object.fromEntries([...this.#standings].map(([task, { result }]) => [task, result ?? {}]))
    const values = {
      params: this.#flow.params,
      tasks,
      ...names,
    }
    return {
      ...command,
      args: fillArguments(command.args, values),
      extraArgs: fillArguments(command.extraArgs, values),
    }
  }

  /** Names what the task does in this run, so that it is done once; after it was undone it may be done anew. */
  #keyOf(task: string): string {
    const { attempts } = this.#registry.flowRun(this.#flowRunId)
    const nTakenBack = attempts.filter(
      (each) => each.task === undoOf(task) && each.message === takenBack,
    ).length
    return `${this.#flowRunId}/${task}${nTakenBack > 0 ? `/${nTakenBack}` : ''}`
  }

  async #cacheKeyOf(task: Task): Promise<string | null> {
    if (task.cache === null) return null
    const command = this.#filled(task.command, task, { run: { id: '' }, task: { key: '' } })
    return cacheKey({
      task,
      args: command.kind === 'recsys' ? command.args : [],
      programVersion: programVersion(),
      lakeVersion: await this.#setting.lakeVersion(),
      params: this.#flow.params,
      directory: this.#flow.directory,
    })
  }

  #cached(task: Task, key: string) {
    const known = this.#registry.cachedResult(key)
    return known &&
      isStillThere(known.result, task, { dataDir: this.#setting.dataDir, directory: this.#flow.directory })
      ? known
      : undefined
  }

  #takeCached(task: Task, key: string, known: { flowRunId: string; result: TaskResult }): void {
    const { flowRunId: from, result } = known
    const message = `as in flow run ${from}`
    const change = { state: 'cached', result, message, cacheKey: key, cachedFrom: from } as const
    this.#registry.changeTask(this.#flowRunId, task.id, change)
    this.#stand(task.id, { state: 'cached', result }, 0, message)
  }

  async #attempt(task: Task, command: TaskCommand, key: string | null): Promise<void> {
    for (let inThisRun = 1; ; inThisRun++) {
      const attempt = this.#registry.beginAttempt(this.#flowRunId, task.id)
      this.#tell(task.id, 'running', attempt, null)
      const outcome = await this.#runProcess(task, command, attempt)
      const verdict = judge(task, outcome, {
        attempt: inThisRun,
        aborted: this.#ending ?? 'crashed',
        random: this.#setting.random ?? Math.random,
      })
      const { change, waitMs } = verdict
      if (change.message) this.#log.say(task.id, attempt, change.message)
      this.#log.flush()
      const kept = { ...change, cacheKey: change.state === 'succeeded' ? key : null }
      this.#registry.endAttempt(this.#flowRunId, task.id, attempt, verdict.ended, kept)
      if (waitMs === null) return this.#stand(task.id, standingOf(change), attempt, change.message ?? null)
      this.#tell(task.id, 'retrying', attempt, change.message ?? null)
      this.#leavePlace()
      await wait(waitMs, undefined, { signal: this.#end.signal }).catch(() => undefined)
      await this.#takePlace()
      if (this.#ending !== null) return this.#endWaiting(task, attempt)
    }
  }

  #endWaiting(task: Task, attempt: number): void {
    const state = this.#ending!
    const message =
      state === 'crashed' ? 'interrupted between two attempts' : 'cancelled between two attempts'
    this.#registry.changeTask(this.#flowRunId, task.id, { state, message })
    this.#stand(task.id, { state, result: null }, attempt, message)
  }

  #runProcess(task: Task, command: TaskCommand, attempt: number): Promise<TaskOutcome> {
    return runTaskProcess({
      ...this.#processOf(task, command),
      timeoutMs: task.timeoutMs,
      signal: this.#end.signal,
      onStart: (pid) => this.#registry.recordProcess(this.#flowRunId, task.id, attempt, identityOf(pid)),
      onLine: (stream, line) => this.#log.line(task.id, attempt, stream, line),
    })
  }

  #processOf({ env: own }: Task, command: TaskCommand) {
    const { env, dataDir } = this.#setting
    const { params, directory } = this.#flow
    // What a shell line starts has another standard input, whose end means nothing.
    const isTask = command.kind === 'recsys' ? '1' : undefined
    const told = { RECSYS_DATA_DIR: dataDir, RECSYS_FLOW_RUN: this.#flowRunId, RECSYS_TASK: isTask }
    return {
      ...programOf(command, dataDir),
      directory,
      env: { ...env, ...paramsAsEnv(params), ...told, ...own },
    }
  }

  #stand(task: string, standing: Standing, attempt: number, message: string | null): void {
    this.#standings.set(task, standing)
    this.#tell(task, standing.state, attempt, message)
  }

  #tell(task: string, state: TaskState, attempt: number, message: string | null): void {
    this.#setting.onNews?.({ type: 'task', task, state, attempt, message })
  }

  async #conclude(): Promise<void> {
    if (this.#ending === 'crashed') {
      return this.#registry.endFlowRun(this.#flowRunId, 'crashed', 'interrupted')
    }
    if (this.#ending === 'cancelled') this.#cancelPending()
    const failures = this.#ending === null ? this.#failures() : ['cancelled']
    if (failures.length > 0) await this.#undo()
    this.#log.flush()
    const state = this.#ending ?? (failures.length > 0 ? 'failed' : 'succeeded')
    this.#registry.endFlowRun(this.#flowRunId, state, failures.length > 0 ? failures.join('; ') : null)
    this.#announce(state)
  }

  #cancelPending(): void {
    for (const { id } of this.#flow.tasks) {
      if (this.#standings.has(id)) continue
      this.#registry.changeTask(this.#flowRunId, id, {
        state: 'cancelled',
        message: 'cancelled before it began',
      })
      this.#stand(id, { state: 'cancelled', result: null }, 0, null)
    }
  }

  /** Tasks that failed, or were skipped because of one that failed, where the flow does not allow it. */
  #failures(): string[] {
    const tasks = this.#registry.flowRun(this.#flowRunId).tasks
    return this.#flow.tasks.flatMap(({ id, mayFail }) => {
      const { state, isBlocked } = this.#standings.get(id)!
      const failed = state === 'failed' || (state === 'skipped' && isBlocked)
      if (!failed || mayFail) return []
      const { message } = tasks.find(({ task }) => task === id)!
      return [`${id}: ${message ?? state}`]
    })
  }

  /** Takes back what was begun and knows how to, the last one first. Each once, and a failure to do so is told. */
  async #undo(): Promise<void> {
    const begun = this.#registry.flowRun(this.#flowRunId).tasks.filter(({ attempts, state }) => {
      return attempts > 0 && ['succeeded', 'failed', 'cancelled'].includes(state)
    })
    const latestFirst = begun.toSorted((a, b) => (b.finishedAt ?? '').localeCompare(a.finishedAt ?? ''))
    for (const { task: id } of latestFirst) {
      const task = this.#flow.tasks.find((each) => each.id === id)
      if (task?.undo) await this.#undoTask(task, this.#filled(task.undo, task))
    }
  }

  async #undoTask(task: Task, command: TaskCommand): Promise<void> {
    const id = undoOf(task.id)
    this.#registry.addTask(this.#flowRunId, id)
    const attempt = this.#registry.beginAttempt(this.#flowRunId, id)
    this.#tell(id, 'running', attempt, null)
    const never = new AbortController().signal
    const outcome = await runTaskProcess({
      ...this.#processOf(task, command),
      ...{ timeoutMs: task.timeoutMs ?? undoTimeoutMs, signal: never },
      onStart: (pid) => this.#registry.recordProcess(this.#flowRunId, id, attempt, identityOf(pid)),
      onLine: (stream, line) => this.#log.line(id, attempt, stream, line),
    })
    const { exitCode, message, result } = outcome
    const state = message === null ? 'succeeded' : 'failed'
    // A command may find that there was nothing to undo.
    const isTakenBack = state === 'succeeded' && result.undone !== null
    const said = isTakenBack ? takenBack : message
    this.#log.flush()
    this.#registry.endAttempt(
      this.#flowRunId,
      id,
      attempt,
      { state, exitCode, message: said, waitMs: null },
      { state, message: said, result },
    )
    this.#tell(id, state, attempt, said)
    if (isTakenBack) this.#markTakenBack(task.id)
  }

  /** A task that had succeeded has to run again when the flow is resumed. */
  #markTakenBack(task: string): void {
    if (this.#standings.get(task)?.state !== 'succeeded') return
    this.#registry.changeTask(this.#flowRunId, task, { state: 'cancelled', message: takenBack })
  }

  #announce(state: 'succeeded' | 'failed' | 'cancelled'): void {
    if (state === 'cancelled') return
    const { flow, message, startedAt, finishedAt, cause, tasks } = this.#registry.flowRun(this.#flowRunId)
    this.#registry.announce(state === 'succeeded' ? 'success' : 'failure', {
      ...{ flowRunId: this.#flowRunId, flow, state, message, cause, startedAt, finishedAt },
      tasks: tasks.map(({ task, state: own, attempts, message: said }) => ({
        task,
        state: own,
        attempts,
        message: said,
      })),
    })
  }
}

const undoTimeoutMs = 300_000
/** What is written of a task that was undone, and of the attempt that did it. */
const takenBack = 'taken back'

/** The task that takes another one back; no task of a flow can have such a name. */
function undoOf(task: string): string {
  return `undo ${task}`
}

function standingOf({ state, result = null }: TaskChange): Standing {
  return { state, result }
}
