import { stripVTControlCharacters } from 'node:util'
import { Command, Errors, Flags } from '@oclif/core'
import { errorCatalogue, RecsysError } from '../errors.ts'
import { type Progress, startProgress } from './progress.ts'

const { CLIError } = Errors

const stopSignals = ['SIGINT', 'SIGTERM'] as const

/** What every command shares: the data directory, `--json`, progress on stderr, and errors as exit codes. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    'data-dir': Flags.string({
      description: 'directory of the lake, the models and the registry',
      default: './data',
      env: 'RECSYS_DATA_DIR',
      helpGroup: 'GLOBAL',
    }),
    quiet: Flags.boolean({ description: 'no progress on stderr', default: false, helpGroup: 'GLOBAL' }),
  }

  #progress: Progress | undefined
  #stopListening: () => void = () => undefined

  /** Prints a result to stdout; nothing in `--json` mode, where the returned value is the result. */
  protected print(text: string): void {
    this.log(text)
  }

  /** A progress line on stderr: a spinner on a terminal, plain lines elsewhere, silent with `--quiet`. */
  protected progress(text: string): Progress {
    this.#progress = startProgress(text, { silent: this.argv.includes('--quiet') })
    return this.#progress
  }

  /** Aborts on the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  protected interruptSignal(): AbortSignal {
    const controller = new AbortController()
    const abort = () => controller.abort(new RecsysError('RECSYS_INTERRUPTED', { message: 'interrupted' }))
    for (const signal of stopSignals) process.once(signal, abort)
    const stopWatching = process.env.RECSYS_TASK === '1' ? watchParent(abort) : () => undefined
    this.#stopListening = () => {
      for (const signal of stopSignals) process.off(signal, abort)
      stopWatching()
    }
    return controller.signal
  }

  protected override async finally(error: Error | undefined) {
    this.#stopListening()
    return super.finally(error)
  }

  protected override async catch(error: Error & { exitCode?: number; oclif?: { exit?: number } }) {
    this.#progress?.fail()
    if (error instanceof CLIError) return super.catch(error)
    const exitCode = error instanceof RecsysError ? error.exitCode : 1
    process.exitCode = exitCode
    if (this.jsonEnabled()) return super.catch(Object.assign(error, { exitCode, oclif: { exit: exitCode } }))
    this.logToStderr(error instanceof RecsysError ? explain(error) : bugReport(error))
  }

  protected override toErrorJson(error: unknown): unknown {
    return { error: describe(error) }
  }
}

/** A task of a flow ends with its runner: the pipe from it closes when it dies, whatever it dies of. */
function watchParent(onGone: () => void): () => void {
  const { stdin } = process
  stdin.once('end', onGone).once('error', onGone).resume()
  return () => {
    stdin.off('end', onGone).off('error', onGone).pause()
    stdin.destroy()
  }
}

/** What `--json` says of an error. */
function describe(error: unknown): Record<string, unknown> {
  if (error instanceof RecsysError) {
    const { code, message, remedy, field, exitCode, data } = error
    return { code, message, remedy, field, exitCode, ...(data ? { data } : {}) }
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  // oclif's own errors carry the whole program with them; all of them are about flags and arguments.
  const code = error instanceof CLIError ? 'RECSYS_USAGE' : 'RECSYS_BUG'
  const { exitCode, remedy } = errorCatalogue[code]
  const plain = { code, message: plainText(message), remedy, exitCode }
  return code === 'RECSYS_BUG' ? { ...plain, stack } : plain
}

/** Without colours and without the hint that the remedy gives too. */
function plainText(message: string): string {
  return stripVTControlCharacters(message).replace(/\n *See more help with --help$/, '')
}

/** Code and message, the remedy indented below. */
function explain(error: RecsysError): string {
  return `${error.code}  ${error.message}\n  ${error.remedy}`
}

function bugReport(error: Error): string {
  return `${error.stack ?? error.message}\nThis is a bug in recsys. ${errorCatalogue.RECSYS_BUG.remedy}`
}
