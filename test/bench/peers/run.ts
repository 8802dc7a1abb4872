import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { uniformAt } from '../../../src/kernels/random.ts'
import { type Contest, contests, type Lane } from './contests.ts'

/**
 * Training beside Python peers: the same data, machine and threads, in turns, medians and ratios; written to
 * `test/bench/RESULTS.md`. Makes virtual environments with the pinned peers in `.venv` beside this file; a peer that does
 * not install, and data that is not there, are left out and said. Sections that `--only` leaves out stay as they are.
 *
 *     node test/bench/peers/run.ts [--only PATTERN] [--rounds 3] [--interactions 20000000]
 */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    interactions: { type: 'string', default: '20000000' },
  },
})
const here = fileURLToPath(new URL('.', import.meta.url))
const results = resolve(here, '../RESULTS.md')
const datasets = resolve(here, '../../..', process.env.RECSYS_DATASETS ?? '../shared/datasets')
const work = mkdtempSync(join(tmpdir(), 'recsys-peers-'))
/** One thread of BLAS: the peers have threads of their own, and two kinds get into each other's way. */
const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OMP_NUM_THREADS: '2' }

interface Outcome {
  readonly seconds: readonly number[]
  readonly [measure: string]: unknown
}

function run(command: string, args: readonly string[], extra: Record<string, string> = {}): string {
  const options = { env: { ...env, ...extra }, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  const { status, stdout, stderr } = spawnSync(command, args, options)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stderr.slice(-2000)}`)
  return stdout.trim()
}

/** The Python of an environment with the packages of `NAME.txt`, made where it is missing; undefined where that fails. */
function environment(name: string): string | undefined {
  const folder = join(here, '.venv', name)
  const python = join(folder, 'bin/python')
  const done = join(folder, 'complete')
  if (existsSync(done) && readFileSync(done, 'utf8') === readFileSync(`${here}${name}.txt`, 'utf8'))
    return python
  console.log(`installing ${name}.txt into ${folder}`)
  run('python3', ['-m', 'venv', folder])
  const failed = readFileSync(`${here}${name}.txt`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .filter((pin) => !installs(python, pin))
  if (failed.length > 0) console.log(`not installed: ${failed.join(', ')}`)
  writeFileSync(done, readFileSync(`${here}${name}.txt`))
  return python
}

function installs(python: string, pin: string): boolean {
  const native = { CFLAGS: '-O3 -march=native' }
  const source = pin.startsWith('scikit-surprise') ? ['--no-binary', 'scikit-surprise'] : []
  try {
    run(python, ['-m', 'pip', 'install', '--quiet', ...source, pin], native)
    return true
  } catch {
    return false
  }
}

/** Data that a contest needs, made once; undefined where it is not there. */
const sources: Record<Contest['data'], () => string | undefined> = {
  pairs: () => {
    run(process.execPath, [`${here}../synthetic.ts`, '--interactions', flags.interactions, '--to', work])
    return join(work, 'pairs.bin')
  },
  'ml-1m': () => splitOfRatings(join(datasets, 'ml-1m/ratings.dat')),
  gowalla: () => present(join(datasets, 'gowalla')),
}
const made = new Map<string, string | undefined>()

function dataFor(name: Contest['data']): string | undefined {
  if (!made.has(name)) made.set(name, sources[name]())
  return made.get(name)
}

function present(path: string): string | undefined {
  return existsSync(path) ? path : undefined
}

/** One random fifth of the ratings held out. */
function splitOfRatings(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const parts = { train: ['user,item,rating'], test: ['user,item,rating'] }
  for (const [row, line] of readFileSync(path, 'latin1').trimEnd().split('\n').entries()) {
    const [user, item, rating] = line.split('::')
    parts[uniformAt(11, row) < 0.2 ? 'test' : 'train'].push(`${user},${item},${rating}`)
  }
  for (const [name, lines] of Object.entries(parts))
    writeFileSync(join(work, `${name}.csv`), lines.join('\n'))
  return work
}

function runLane(lane: Lane, data: string): Outcome | undefined {
  const python = lane.environment === undefined ? process.execPath : environment(lane.environment)
  if (python === undefined) return undefined
  try {
    const args = lane.args(data, work)
    const [script, ...rest] = args
    const outcome = JSON.parse(
      run(python, [here + script, ...rest])
        .split('\n')
        .at(-1) as string,
    ) as Outcome
    return lane.after ? { ...outcome, ...after(lane, data) } : outcome
  } catch (error) {
    console.log(`left out: ${lane.name}: ${(error as Error).message.trim().split('\n').at(-1)}`)
    return undefined
  }
}

function after(lane: Lane, data: string): Record<string, unknown> {
  const [script, ...args] = lane.after?.(data, work) ?? []
  return JSON.parse(run(environment('ranking') as string, [here + script, ...args])) as Record<
    string,
    unknown
  >
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

function hold({ title, data, unit, measures, lanes, rounds = Number(flags.rounds) }: Contest): string {
  const folder = dataFor(data)
  if (folder === undefined) return `## ${title}\n\nThe data set ${data} is absent: not measured.\n`
  const outcomes = new Map<Lane, Outcome[]>()
  for (let round = 0; round < rounds; round++) {
    for (const lane of lanes) {
      if (lane.once && round > 0) continue
      const outcome = runLane(lane, folder)
      if (outcome) outcomes.set(lane, [...(outcomes.get(lane) ?? []), outcome])
    }
  }
  const secondsOf = (lane: Lane) => median((outcomes.get(lane) ?? []).flatMap(({ seconds }) => [...seconds]))
  const own = lanes.filter((lane) => lane.environment === undefined && outcomes.has(lane))
  const header = ['', unit, ...measures, ...own.map(({ name }) => `÷ ${name}`)]
  const rows = [...outcomes].map(([lane, runs]) => [
    lane.name,
    secondsOf(lane).toPrecision(3),
    ...measures.map((name) => figure(runs[0][name])),
    ...own.map((ours) => (secondsOf(lane) / secondsOf(ours)).toFixed(2)),
  ])
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const table = [line(header), line(header.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)]
  return `## ${title}\n\n${table.join('\n')}\n`
}

function figure(value: unknown): string {
  if (typeof value !== 'number') return ''
  return value > 1000 ? value.toPrecision(6) : value.toFixed(4)
}

function versions(): string {
  const pins = ['evaluation', 'ranking', 'rating'].flatMap((name) =>
    readFileSync(`${here}${name}.txt`, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')),
  )
  const { model } = cpus()[0]
  return `${model}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}; ${pins.join(', ')}`
}

/** The sections of the page as it is, by title. */
function sectionsSoFar(): Map<string, string> {
  const page = existsSync(results) ? readFileSync(results, 'utf8') : ''
  const sections = page.split(/^(?=## )/m).slice(1)
  return new Map(sections.map((section) => [section.slice(3, section.indexOf('\n')), section]))
}

const sections = sectionsSoFar()
for (const contest of contests.filter(({ title }) => new RegExp(flags.only, 'i').test(title))) {
  const section = hold(contest)
  console.log(section)
  sections.set(contest.title, section)
}
rmSync(work, { recursive: true, force: true })
const intro =
  'Printed by `make bench-peers`: the same data, machine and threads (2), in turns, medians of all rounds; a ratio above 1 ' +
  'means that recsys (the column’s head) is so many times faster. BLAS threads are 1 where a peer has threads of its own.'
const today = new Date().toISOString().slice(0, 10)
const ordered = contests.flatMap(({ title }) => sections.get(title)?.trimEnd() ?? [])
writeFileSync(
  results,
  `# Training beside peers\n\n${intro}\n\n${today} · ${versions()}\n\n${ordered.join('\n\n')}\n`,
)
