import ora from 'ora'

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
  return process.stderr.isTTY ? spinner(text) : plainLines(text)
}

function nothing(): void {
  // --quiet asked for silence
}

function spinner(text: string): Progress {
  const line = ora({ text, stream: process.stderr }).start()
  return {
    update: (next) => {
      line.text = next
    },
    succeed: (final) => void line.succeed(final),
    fail: (final) => void line.fail(final),
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
