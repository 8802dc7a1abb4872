/**
 * Two algorithms side by side against one after the other: wall time from the start of the first training to the end of the last, in turns,
 * with one thread a training and with all of them.
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
      'nmf.epochs=360',
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

const settings = {
  'side by side, 1 thread each': ['--parallel', '2', '--threads', '1'],
  'side by side, 2 threads each': ['--parallel', '2', '--threads', '2'],
  'one after the other, 1 thread': ['--parallel', '1', '--threads', '1'],
  'one after the other, 2 threads': ['--parallel', '1', '--threads', '2'],
} as const

try {
  const base = join(work, 'base')
  const source = values.data
    ? ['--from', values.data]
    : ['--users', '20000', '--items', '4000', '--interactions', '4000000']
  run('init-tables', '--data-dir', base, '--quiet', ...source)
  const wholes = new Map<string, number[]>()
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, flags] of Object.entries(settings)) {
      const { wholeMs, trainMs } = timed(base, ...flags)
      wholes.set(name, [...(wholes.get(name) ?? []), wholeMs])
      process.stdout.write(`round ${round}, ${name}: ${wholeMs} ms (svd ${trainMs[0]}, nmf ${trainMs[1]})\n`)
    }
  }
  const at = (name: keyof typeof settings) => median(wholes.get(name)!)
  const best = Math.min(at('side by side, 1 thread each'), at('side by side, 2 threads each'))
  process.stdout.write(
    `of one after the other with as many threads a training: ${(at('side by side, 1 thread each') / at('one after the other, 1 thread')).toFixed(2)}; ` +
      `of one after the other with both threads: ${(best / at('one after the other, 2 threads')).toFixed(2)}\n`,
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
