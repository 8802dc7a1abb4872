/**
 * Two algorithms side by side against one after the other: wall time of the same flow with --parallel 2 and --parallel 1, and with
 * one thread a training in both, in turns.
 * node test/bench/retrain-parallel.ts --data ml-1m [--rounds 3]
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const { values } = parseArgs({
  options: { data: { type: 'string' }, rounds: { type: 'string', default: '3' } },
})
const work = mkdtempSync(join(tmpdir(), 'recsys-retrain-parallel-'))

function run(...args: string[]): string {
  return execFileSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

interface Timed {
  readonly wholeMs: number
  readonly trainMs: readonly number[]
}

/** From the start of the first training to the end of the last one, and what each took. */
function timed(base: string, ...flags: string[]): Timed {
  const dataDir = join(work, 'run')
  cpSync(base, dataDir, { recursive: true })
  const report = JSON.parse(
    run(
      'retrain',
      '--data-dir',
      dataDir,
      '--json',
      '--quiet',
      '--algos',
      'svd,nmf',
      '--set',
      'nmf.epochs=100',
      '--no-cache',
      ...flags,
    ),
  )
  rmSync(dataDir, { recursive: true, force: true })
  const trainings = report.tasks.filter(({ task }: { task: string }) => task.startsWith('train-'))
  const ms = ({ startedAt, finishedAt }: { startedAt: string; finishedAt: string }) =>
    [Date.parse(startedAt), Date.parse(finishedAt)] as const
  const spans = trainings.map(ms) as (readonly [number, number])[]
  return {
    wholeMs: Math.max(...spans.map(([, end]) => end)) - Math.min(...spans.map(([start]) => start)),
    trainMs: spans.map(([start, end]) => end - start),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

try {
  const base = join(work, 'base')
  run(
    'init-tables',
    '--data-dir',
    base,
    '--quiet',
    ...(values.data
      ? ['--from', values.data]
      : ['--users', '20000', '--items', '4000', '--interactions', '4000000']),
  )
  const side: number[] = []
  const one: number[] = []
  const single: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const parallel = timed(base, '--parallel', '2')
    const sequential = timed(base, '--parallel', '1')
    side.push(parallel.wholeMs)
    one.push(sequential.wholeMs)
    single.push(sequential.trainMs.reduce((sum, ms) => sum + ms, 0))
    process.stdout.write(
      `round ${round + 1}: side by side ${parallel.wholeMs} ms (each ${parallel.trainMs.join(', ')}), one after the other ${sequential.wholeMs} ms (each ${sequential.trainMs.join(', ')})\n`,
    )
  }
  process.stdout.write(
    `ratio of medians: ${(median(side) / median(one)).toFixed(2)}; of the trainings alone ${(median(side) / median(single)).toFixed(2)}\n`,
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
