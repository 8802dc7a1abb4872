import { RecsysError } from '../errors.ts'
import type { LogStream, TaskLogLine } from '../registry/flow-types.ts'
import type { Registry } from '../registry/types.ts'

/** How long a line may wait for others before it is written. */
const flushMs = 250
const mostLines = 500
/** While nothing can be written the newest are kept. */
const mostKept = 10_000

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
    if (this.#lines.length === 0) return
    try {
      this.#registry.logLines(this.#flowRunId, this.#lines)
      this.#lines = []
    } catch (error) {
      // Somebody holds the registry: what a task says is not worth ending the flow for, and is written later.
      if (!(error instanceof RecsysError && error.code === 'RECSYS_REGISTRY_LOCKED')) throw error
      this.#lines.splice(0, Math.max(0, this.#lines.length - mostKept))
      this.#timer = setTimeout(() => this.flush(), flushMs)
    }
  }

  close(): void {
    this.flush()
    clearTimeout(this.#timer)
  }
}
