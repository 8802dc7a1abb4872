import type { Ora } from 'ora'

/** One line of progress. Everything goes to stderr: stdout belongs to the result. */
export interface Progress {
  update(text: string): void
  succeed(text?: string): void
  fail(text?: string): void
}

export interface ProgressOptions {
  readonly silent: boolean
}

/** A spinner on a terminal; elsewhere one plain line an update. */
export function startProgress(text: string, options: ProgressOptions): Progress {
  if (options.silent) return { update: nothing, succeed: nothing, fail: nothing }
  // A terminal without a width would be cleared for ever.
  return process.stderr.isTTY && process.stderr.columns > 0 ? spinner(text) : plainLines(text)
}

function nothing(): void {
  // --quiet asked for silence
}

/** The library is read while the work begins: commands that show no spinner start without it. */
function spinner(text: string): Progress {
  let line: Ora | undefined
  let shown = text
  let isOver = false
  void import('ora').then(({ default: ora }) => {
    if (!isOver) line = ora({ text: shown, stream: process.stderr }).start()
  })
  const end = (mark: string, show: (started: Ora) => void, final: string | undefined) => {
    isOver = true
    if (line) show(line)
    else process.stderr.write(`${mark} ${final ?? shown}\n`)
  }
  return {
    update: (next) => {
      shown = next
      if (line) line.text = next
    },
    succeed: (final) => end('✔', (started) => void started.succeed(final), final),
    fail: (final) => end('✖', (started) => void started.fail(final), final),
  }
}

function plainLines(text: string): Progress {
  let last = ''
  const write = (line: string | undefined) => {
    if (line === undefined || line === last) return
    last = line
    process.stderr.write(`${line}\n`)
  }
  write(text)
  return { update: write, succeed: write, fail: write }
}
