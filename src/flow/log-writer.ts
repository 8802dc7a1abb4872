import type { LogStream, TaskLogLine } from '../registry/flow-types.ts'
import type { Registry } from '../registry/types.ts'

/** How long a line may wait for others before it is written. */
const flushMs = 250
const mostLines = 500

/** Lines of tasks on their way into the registry: many in one transaction, for each of which the disk is waited for. */
export class LogWriter {
  readonly #registry: Pick<Registry, 'logLines'>
  readonly #flowRunId: string
  readonly #onLine: (line: {
    readonly task: string
    readonly stream: LogStream
    readonly line: string
  }) => void
  #lines: TaskLogLine[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(
    registry: Pick<Registry, 'logLines'>,
    flowRunId: string,
    onLine: (line: { readonly task: string; readonly stream: LogStream; readonly line: string }) => void,
  ) {
    this.#registry = registry
    this.#flowRunId = flowRunId
    this.#onLine = onLine
  }

  line(task: string, attempt: number, stream: LogStream, line: string): void {
    this.#lines.push({ task, attempt, at: new Date().toISOString(), stream, line })
    this.#onLine({ task, stream, line })
    if (this.#lines.length >= mostLines) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), flushMs)
  }

  /** What the runner says of a task. */
  say(task: string, attempt: number, line: string): void {
    this.line(task, attempt, 'flow', line)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#lines
    this.#lines = []
    if (lines.length > 0) this.#registry.logLines(this.#flowRunId, lines)
  }

  close(): void {
    this.flush()
  }
}
