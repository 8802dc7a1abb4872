import type { LoadProgress } from '../loadtest/types.ts'
import { formatMs, taskTable } from './load-tables.ts'
import { sparkline } from './sparkline.ts'

export interface LoadDisplay {
  update(progress: LoadProgress): void
}

/** The state of a load test, each second on stderr: a table in place on a terminal, one plain line elsewhere. */
export function showLoad(options: { readonly silent: boolean }): LoadDisplay {
  if (options.silent) return { update: () => undefined }
  return process.stderr.isTTY ? liveTable(process.stderr) : plainLines(process.stderr)
}

function plainLines(stream: NodeJS.WriteStream): LoadDisplay {
  return { update: (progress) => void stream.write(`${headline(progress)}\n`) }
}

function liveTable(stream: NodeJS.WriteStream): LoadDisplay {
  let shownLines = 0
  const history: LoadProgress[] = []
  return {
    update(progress) {
      history.push(progress)
      if (history.length > mostSeconds) history.shift()
      const text = `${headline(progress)}\n${course(history)}${taskTable([...progress.tasks, progress.all])}\n`
      // Up to the first line of the last table, and clear from there to the end of the screen.
      const back = shownLines > 0 ? `\x1b[${shownLines}A\x1b[0J` : ''
      stream.write(back + text)
      shownLines = text.split('\n').length - 1
    },
  }
}

/** Seconds that are drawn, a bar each. */
const mostSeconds = 40

/** How requests a second and the 95th percentile went lately. */
function course(history: readonly LoadProgress[]): string {
  if (history.length < 2) return ''
  const rates = sparkline(history.map(({ requestsPerSecond }) => requestsPerSecond))
  const latencies = sparkline(history.map(({ p95Ms }) => p95Ms ?? Number.NaN))
  return `requests/s ${rates}  p95 ${latencies}\n`
}

function headline({ second, users, requestsPerSecond, p50Ms, p95Ms, all }: LoadProgress): string {
  const failed = all.failures === 1 ? '1 failure' : `${all.failures} failures`
  return `${second.toFixed(0).padStart(4)} s  ${users} users  ${requestsPerSecond.toFixed(0)} requests/s  p50 ${formatMs(p50Ms)}  p95 ${formatMs(p95Ms)}  ${failed}`
}
