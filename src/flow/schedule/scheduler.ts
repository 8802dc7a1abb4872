import { setTimeout as wait } from 'node:timers/promises'
import { RecsysError } from '../../errors.ts'
import { ownProgram } from '../../host.ts'
import { openRegistry } from '../../registry/registry.ts'
import type { Firing, Schedule } from '../../registry/schedule-types.ts'
import type { Registry } from '../../registry/types.ts'
import { deliverDue } from '../deliver-webhooks.ts'
import { runTaskProcess, type TaskOutcome } from '../task-process.ts'
import { type Condition, judgeCondition, type Measurements, parseCondition } from './condition.ts'
import { dueUpTo, nextDue } from './cron.ts'

export interface SchedulerOptions {
  readonly dataDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** Stops it: running commands are ended, and go on when a scheduler is started again. */
  readonly signal: AbortSignal
  measure(condition: Condition, schedule: Schedule): Promise<Measurements>
  onNews(news: SchedulerNews): void
  /** Something went wrong that may be right at the next look. */
  onTrouble(message: string): void
  /** Milliseconds since 1970. */
  now?(): number
}

export interface SchedulerNews {
  readonly schedule: string
  readonly dueAt: string
  readonly outcome: Firing['outcome']
  readonly note: string | null
}

/** How often it is looked what is due. */
const tickMs = 1000
/** What is later than this was missed: nobody was there. */
const graceMs = 60_000
/** A clock that goes back by more than this was wrong before; by less, what was run is not run again. */
const wrongClockMs = 86_400_000
const deliverEveryMs = 5000
/** How often a command that died is gone on with. */
const mostResumes = 3

/**
 * Runs the commands of schedules when they are due. Due times are in the registry: each is taken by one scheduler, and what was
 * missed while none was there is judged by the schedule's policy when one is back.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #registry: Registry
  readonly #now: () => number
  /** Commands under way and those that wait for them, by schedule. */
  readonly #lines = new Map<string, Line>()
  #lastTickAt: number
  #lastDelivery = 0
  #delivering: Promise<void> | undefined

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#registry = openRegistry(options.dataDir)
    this.#now = options.now ?? Date.now
    this.#lastTickAt = this.#now()
  }

  /** Runs until the signal. */
  async run(): Promise<void> {
    this.#goOn()
    while (!this.#options.signal.aborted) {
      await this.#tickOrTell()
      await pause(tickMs, this.#options.signal)
    }
    await this.close()
  }

  async #tickOrTell(): Promise<void> {
    try {
      await this.tick()
    } catch (error) {
      if (!(error instanceof RecsysError)) throw error
      this.#options.onTrouble(`${error.code}  ${error.message}`)
    }
  }

  /** Waits for what is under way and lets go of the registry. */
  async close(): Promise<void> {
    await this.idle()
    this.#registry.close()
  }

  /** Resolves when nothing is under way or waiting any more. */
  async idle(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(({ done }) => done))
    await this.#delivering
  }

  /** Looks once what is due. */
  async tick(): Promise<void> {
    const now = this.#now()
    const wentBack = now < this.#lastTickAt - graceMs
    this.#lastTickAt = now
    for (const schedule of this.#registry.schedules()) {
      if (schedule.pausedAt !== null || schedule.nextDueAt === null) continue
      if (wentBack) this.#setRight(schedule, now)
      if (Date.parse(schedule.nextDueAt) <= now) await this.#fire(schedule, now)
    }
    if (now - this.#lastDelivery >= deliverEveryMs || wentBack) this.#deliver(now)
  }

  /** Beside everything else: a receiver that does not answer holds nothing up. */
  #deliver(now: number): void {
    this.#lastDelivery = now
    this.#delivering ??= deliverDue(this.#options.dataDir, this.#options.signal)
      .then(
        () => undefined,
        (error) => this.#options.onTrouble(String(error)),
      )
      .finally(() => {
        this.#delivering = undefined
      })
  }

  /** The clock went back. By a little, nothing is run twice; by a lot, it was wrong before, and what was made of it is too. */
  #setRight(schedule: Schedule, now: number): void {
    const last = schedule.lastDueAt === null ? 0 : Date.parse(schedule.lastDueAt)
    if (last - now < wrongClockMs) return
    this.#registry.setNextDue(schedule.name, nextDue(schedule, new Date(now))?.toISOString() ?? null)
  }

  async #fire(schedule: Schedule, now: number): Promise<void> {
    const due = dueUpTo(schedule, new Date(schedule.nextDueAt!), new Date(now))
    const next = nextDue(schedule, due.at(-1)!)?.toISOString() ?? null
    const onTime = due.filter((at) => now - at.getTime() <= graceMs)
    const missed = due.slice(0, due.length - onTime.length)
    const { toRun, passedOver } = byPolicy(schedule, missed, onTime)
    const lastPassed = passedOver.at(-1)
    if (lastPassed) {
      const note = `${passedOver.length} due ${passedOver.length === 1 ? 'time' : 'times'} passed while no scheduler was there`
      this.#claim(schedule, lastPassed, toRun[0]?.toISOString() ?? next, 'missed', note)
    }
    for (const [index, at] of toRun.entries()) {
      // Whatever becomes of this scheduler, the next one is due until it is taken.
      const following = toRun[index + 1]?.toISOString() ?? next
      // What is made up for runs one after the other.
      await this.#begin(index === 0 ? schedule : { ...schedule, overlap: 'queue' }, at, following)
    }
  }

  async #begin(schedule: Schedule, at: Date, next: string | null): Promise<void> {
    const obstacle = await this.#obstacle(schedule)
    if (obstacle) {
      this.#claim(schedule, at, next, obstacle.outcome, obstacle.note)
      return
    }
    const line = this.#lines.get(schedule.name)
    if (line && schedule.overlap === 'replace') line.abort.abort()
    const firing = this.#claim(schedule, at, next, line ? 'queued' : 'started')
    if (firing) this.#enqueue(schedule, firing)
  }

  async #obstacle(
    schedule: Schedule,
  ): Promise<{ outcome: 'overlapped' | 'not needed' | 'failed'; note: string } | undefined> {
    if (schedule.overlap === 'skip' && this.#lines.has(schedule.name))
      return { outcome: 'overlapped', note: 'the run before was still going on' }
    if (schedule.condition === null) return undefined
    try {
      const condition = parseCondition(schedule.condition)
      const { holds, found } = judgeCondition(condition, await this.#options.measure(condition, schedule))
      return holds ? undefined : { outcome: 'not needed', note: found }
    } catch (error) {
      if (!(error instanceof RecsysError)) throw error
      return { outcome: 'failed', note: `the condition cannot be judged: ${error.message}` }
    }
  }

  #claim(
    schedule: Schedule,
    at: Date,
    next: string | null,
    outcome: Firing['outcome'],
    note: string | null = null,
  ): Firing | undefined {
    const firing = this.#registry.claimFiring(schedule, at.toISOString(), next, outcome, note)
    if (firing) this.#tell(firing, outcome, note)
    return firing
  }

  #tell({ schedule, dueAt }: Firing, outcome: Firing['outcome'], note: string | null): void {
    this.#options.onNews({ schedule, dueAt, outcome, note })
  }

  /** Runs a command when those before it of the same schedule are over. */
  #enqueue(schedule: Schedule, firing: Firing): void {
    const before = this.#lines.get(schedule.name)
    const abort = new AbortController()
    const done = (before?.done ?? Promise.resolve()).then(() => this.#perform(schedule, firing, abort.signal))
    const line = { done, abort }
    this.#lines.set(schedule.name, line)
    void done.finally(() => {
      if (this.#lines.get(schedule.name) === line) this.#lines.delete(schedule.name)
    })
  }

  async #perform(schedule: Schedule, firing: Firing, replaced: AbortSignal): Promise<void> {
    const { signal } = this.#options
    if (signal.aborted) return
    if (firing.outcome === 'queued') {
      this.#registry.changeFiring(firing.id, { outcome: 'started' })
      this.#tell(firing, 'started', null)
    }
    const cause = causeOf(firing)
    for (let resumes = 0; ; resumes++) {
      const begun = this.#flowRunOf(cause)
      const command = begun?.state === 'crashed' ? ['flow', 'resume', begun.flowRunId] : schedule.command
      const outcome = await this.#runCommand(command, cause, AbortSignal.any([signal, replaced]))
      // What was ended because this scheduler stops is gone on with by the next one.
      if (outcome.isAborted && !replaced.aborted) return
      const hasDied = outcome.exitCode === null && !outcome.isAborted
      if (hasDied && resumes < mostResumes && this.#flowRunOf(cause)?.state === 'crashed') continue
      return this.#record(firing, outcome, cause)
    }
  }

  #runCommand(command: readonly string[], cause: string, signal: AbortSignal): Promise<TaskOutcome> {
    const { dataDir, env, directory } = this.#options
    const [file, ...first] = ownProgram()
    const isFlow = command[0] === 'retrain' || command[0] === 'flow'
    const how = ['--data-dir', dataDir, '--json', ...(isFlow ? ['--cause', cause] : [])]
    return runTaskProcess({
      ...{ file, args: [...first, ...command, ...how], directory, signal, output: 'json', timeoutMs: null },
      env: { ...env, RECSYS_TASK: '1' },
      onStart: () => undefined,
      onLine: () => undefined,
    })
  }

  #record(firing: Firing, { exitCode, message, isAborted }: TaskOutcome, cause: string): void {
    const flowRunId = this.#flowRunOf(cause)?.flowRunId
    const outcome = exitCode === 0 ? 'finished' : 'failed'
    const note = isAborted ? 'ended, because the next run was due' : message
    this.#registry.changeFiring(firing.id, { outcome, note, ...(flowRunId ? { flowRunId } : {}) })
    this.#tell(firing, outcome, note)
  }

  #flowRunOf(cause: string) {
    return this.#registry.flowRuns({ limit: 200 }).find((run) => run.cause === cause)
  }

  /** What a scheduler that is gone has left behind: finished by itself meanwhile, or to be gone on with. */
  #goOn(): void {
    for (const firing of this.#registry.adoptFirings()) {
      const run = this.#flowRunOf(causeOf(firing))
      if (run?.state === 'succeeded' || run?.state === 'failed' || run?.state === 'cancelled') {
        const outcome = run.state === 'succeeded' ? 'finished' : 'failed'
        this.#registry.changeFiring(firing.id, { outcome, note: run.message, flowRunId: run.flowRunId })
      } else this.#enqueue(this.#registry.schedule(firing.schedule), firing)
    }
  }
}

interface Line {
  /** Resolves when the last command of the line is over. */
  readonly done: Promise<void>
  /** Ends the last command of the line. */
  readonly abort: AbortController
}

/** How the registry knows what started a flow run. */
function causeOf({ schedule, dueAt }: Firing): string {
  return `schedule ${schedule}, due ${dueAt}`
}

function byPolicy(
  { missed: policy }: Schedule,
  missed: readonly Date[],
  onTime: readonly Date[],
): { readonly toRun: readonly Date[]; readonly passedOver: readonly Date[] } {
  if (policy === 'all') return { toRun: [...missed, ...onTime], passedOver: [] }
  const isMadeUpFor = policy === 'once' && onTime.length === 0
  if (!isMadeUpFor) return { toRun: onTime, passedOver: missed }
  return { toRun: missed.slice(-1), passedOver: missed.slice(0, -1) }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
