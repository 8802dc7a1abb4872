import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { RecsysError } from '../errors.ts'
import type { LeftoverProcess, LogStream, TaskResult } from '../registry/flow-types.ts'
import { mayStillRun } from '../registry/process-identity.ts'

/** One attempt of a task, as a process group of its own. */
export interface TaskProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** Whether standard output is one JSON document, the result, or lines for the log. */
  readonly output: 'json' | 'lines'
  readonly timeoutMs: number | null
  /** Ends the process, by SIGTERM and where that does not help by SIGKILL. */
  readonly signal: AbortSignal
  onStart(pid: number): void
  onLine(stream: LogStream, line: string): void
}

export interface TaskOutcome {
  /** null: ended by a signal. */
  readonly exitCode: number | null
  readonly isTimeout: boolean
  readonly isAborted: boolean
  /** Of a recsys command that failed. */
  readonly errorCode: string | null
  /** Why it failed, in words; null when it did not. */
  readonly message: string | null
  readonly result: TaskResult
}

/** How long a process may take to end after it was asked to. */
const graceMs = 5000
const mostResultBytes = 16 * 2 ** 20
const mostLineLength = 2000

/** Runs one attempt until its process is over. Never throws for what the process does. */
export async function runTaskProcess(options: TaskProcessOptions): Promise<TaskOutcome> {
  const { file, args, env, directory, timeoutMs, signal } = options
  if (signal.aborted) return { ...ended(null, null), isAborted: true, message: 'ended before it began' }
  // A group of its own: what the task starts can be ended with it, and Ctrl-C in a terminal reaches the runner alone.
  const child = spawn(file, args, { env, cwd: directory, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const over = exitOf(child)
  // The pipe is never written to: when this process dies it closes, and a recsys command ends by that.
  child.stdin.on('error', ignore)
  if (child.pid !== undefined) startKnown(child.pid, options)
  const output = readOutput(child, options)
  const ending = new Ending(child)
  const timer = timeoutMs === null ? undefined : setTimeout(() => ending.begin('timeout'), timeoutMs)
  const onAbort = () => ending.begin('abort')
  signal.addEventListener('abort', onAbort)
  const exit = await over
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
  ending.over()
  return judge(exit, ending.reason, output(), options)
}

/** A process that nobody can be told of must not run. */
function startKnown(pid: number, { onStart }: TaskProcessOptions): void {
  try {
    onStart(pid)
  } catch (error) {
    killGroup(pid, 'SIGKILL')
    throw error
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly failure: Error | null
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (failure) => resolve({ code: null, signal: null, failure }))
    child.once('close', (code, signal) => resolve({ code, signal, failure: null }))
  })
}

function ignore(): void {
  // the reader may be gone
}

/** Asks a process group to end, and makes it end when it does not. */
class Ending {
  readonly #child: ChildProcess
  #timer: NodeJS.Timeout | undefined
  reason: 'timeout' | 'abort' | null = null

  constructor(child: ChildProcess) {
    this.#child = child
  }

  begin(reason: 'timeout' | 'abort'): void {
    if (this.reason !== null) return
    this.reason = reason
    const { pid } = this.#child
    if (pid === undefined) return
    killGroup(pid, 'SIGTERM')
    this.#timer = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs)
  }

  over(): void {
    clearTimeout(this.#timer)
    // What the task has left running in its group would go on without anybody knowing.
    if (this.reason !== null && this.#child.pid !== undefined) killGroup(this.#child.pid, 'SIGKILL')
  }
}

/** Sends a signal to a process and all that it has started. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readOutput(child: ChildProcess, { output, onLine }: TaskProcessOptions): () => string {
  readLines(child.stderr!, (line) => onLine('stderr', line))
  if (output === 'lines') {
    readLines(child.stdout!, (line) => onLine('stdout', line))
    return () => ''
  }
  let text = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length <= mostResultBytes) text += chunk
  })
  return () => text
}

function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  const say = (line: string) => {
    const plain = stripVTControlCharacters(line).replace(/\r$/, '')
    if (plain !== '') onLine(plain.slice(0, mostLineLength))
  }
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!.slice(-mostLineLength)
    for (const line of lines) say(line)
  })
  stream.on('end', () => say(rest))
}

function ended(exitCode: number | null, message: string | null): TaskOutcome {
  return { exitCode, isTimeout: false, isAborted: false, errorCode: null, message, result: {} }
}

function judge(
  { code, signal, failure }: Exit,
  reason: Ending['reason'],
  text: string,
  { output, timeoutMs, file }: TaskProcessOptions,
): TaskOutcome {
  if (failure) return ended(null, `${file} cannot be started: ${failure.message}`)
  if (reason === 'timeout') {
    return { ...ended(null, `took longer than ${timeoutMs! / 1000} s and was ended`), isTimeout: true }
  }
  if (reason === 'abort') return { ...ended(null, 'was ended'), isAborted: true }
  if (code === null) return ended(null, `was killed by ${signal}`)
  const document = output === 'json' ? parse(text) : {}
  if (code === 0) {
    if (document === undefined) return ended(0, 'has not printed one JSON object')
    return { ...ended(0, null), result: document }
  }
  const error = document?.error as { readonly code?: unknown; readonly message?: unknown } | undefined
  if (error === undefined) return ended(code, `ended with exit code ${code}`)
  return {
    ...ended(code, String(error.message)),
    errorCode: String(error.code),
    result: document ?? {},
  }
}

function parse(text: string): TaskResult | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as TaskResult)
      : undefined
  } catch {
    return undefined
  }
}

/** Ends what attempts of a killed runner have left running. @throws RECSYS_FLOW_LOCKED when one does not end */
export async function endLeftovers(leftovers: readonly LeftoverProcess[]): Promise<void> {
  for (const { pid } of leftovers) killGroup(pid, 'SIGKILL')
  const deadline = Date.now() + graceMs
  for (const { task, pid, identity } of leftovers) {
    while (mayStillRun(identity)) {
      if (Date.now() > deadline) {
        throw new RecsysError('RECSYS_FLOW_LOCKED', {
          message: `process ${pid} of the interrupted task ${task} is still running and cannot be ended`,
        })
      }
      await wait(20)
    }
  }
}
