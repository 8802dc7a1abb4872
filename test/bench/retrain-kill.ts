/**
 * Kills retrainings at random moments and resumes them: every one has to end as one that nobody disturbed.
 * node test/bench/retrain-kill.ts [--rounds 100] [--seed 1]
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Sqlite from 'better-sqlite3'
import { openRegistry } from '../../src/registry/registry.ts'

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
})
const rounds = Number(values.rounds)
const work = mkdtempSync(join(tmpdir(), 'recsys-retrain-kill-'))
const flags = ['--algos', 'svd,nmf', '--set', 'nmf.epochs=400', '--set', 'svd.epochs=300', '--quiet']

let state = Number(values.seed)
/** Uniform in [0, 1): a linear congruential generator is random enough for moments. */
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

function run(...args: string[]): string {
  return execFileSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What a retraining leaves behind, as far as it does not depend on when it ran. */
function outcome(dataDir: string) {
  const registry = openRegistry(dataDir)
  try {
    const versions = registry.versions().map(({ version, algorithm, stage, metrics, artifactPath }) => {
      const manifest = JSON.parse(readFileSync(join(dataDir, artifactPath, 'manifest.json'), 'utf8'))
      return { version, algorithm, stage, metrics, tables: manifest.tables ?? manifest.files ?? null }
    })
    const history = registry.history().map(({ action, version, stage }) => ({ action, version, stage }))
    const finished = registry.runs({ status: 'finished' }).length
    const [flow] = registry.flowRuns()
    const tasks = flow ? registry.flowRun(flow.flowRunId).tasks : []
    return {
      versions,
      history,
      finished,
      state: flow?.state ?? null,
      states: tasks.map(({ task, state: own }) => `${task} ${own}`),
    }
  } finally {
    registry.close()
  }
}

function problemsOf(dataDir: string): string[] {
  const db = new Sqlite(join(dataDir, 'registry.db'), { readonly: true })
  try {
    const integrity = db.pragma('integrity_check', { simple: true })
    const keys = db.pragma('foreign_key_check') as unknown[]
    return [
      ...(integrity === 'ok' ? [] : [`integrity: ${integrity}`]),
      ...(keys.length === 0 ? [] : ['foreign keys']),
    ]
  } finally {
    db.close()
  }
}

function attemptsByTask(dataDir: string): Map<string, { readonly state: string; readonly attempts: number }> {
  const registry = openRegistry(dataDir)
  try {
    const [flow] = registry.flowRuns()
    const tasks = flow ? registry.flowRun(flow.flowRunId).tasks : []
    return new Map(tasks.map(({ task, state: own, attempts }) => [task, { state: own, attempts }]))
  } finally {
    registry.close()
  }
}

async function killed(dataDir: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, 'retrain', '--data-dir', dataDir, ...flags], {
    stdio: 'ignore',
  })
  const over = once(child, 'exit')
  await Promise.race([wait(afterMs), over])
  const wasRunning = child.exitCode === null
  child.kill('SIGKILL')
  await over
  return wasRunning
}

try {
  const base = join(work, 'base')
  run(
    'init-tables',
    '--data-dir',
    base,
    '--users',
    '400',
    '--items',
    '150',
    '--interactions',
    '15000',
    '--quiet',
  )
  const undisturbed = join(work, 'undisturbed')
  cpSync(base, undisturbed, { recursive: true })
  const start = performance.now()
  run('retrain', '--data-dir', undisturbed, ...flags)
  const wholeMs = performance.now() - start
  const expected = JSON.stringify(outcome(undisturbed))
  process.stdout.write(`undisturbed: ${(wholeMs / 1000).toFixed(1)} s, ${expected.slice(0, 200)}…\n`)
  const counts = { rounds: 0, killed: 0, different: 0, repeated: 0, inconsistent: 0, kept: 0 }
  const killedIn = new Map<string, number>()
  // A kill that comes too late to hit anything is tried again at another moment.
  for (let round = 1; counts.killed < rounds; round++) {
    const dataDir = join(work, `round-${round}`)
    cpSync(base, dataDir, { recursive: true })
    const afterMs = random() * wholeMs
    const wasKilled = await killed(dataDir, afterMs)
    const before = existsSync(join(dataDir, 'registry.db')) ? attemptsByTask(dataDir) : new Map()
    if (before.size === 0) run('retrain', '--data-dir', dataDir, ...flags)
    else if (wasKilled && outcome(dataDir).state !== 'succeeded') {
      const registry = openRegistry(dataDir)
      const { flowRunId } = registry.flowRuns()[0]!
      registry.close()
      run('flow', 'resume', flowRunId, '--data-dir', dataDir, '--quiet')
    }
    const after = attemptsByTask(dataDir)
    const succeeded = [...before].filter(([, task]) => task.state === 'succeeded')
    const repeated = succeeded.filter(([task, { attempts }]) => after.get(task)!.attempts !== attempts)
    const isDifferent = JSON.stringify(outcome(dataDir)) !== expected
    const problems = problemsOf(dataDir)
    counts.rounds++
    counts.killed += Number(wasKilled)
    counts.kept += succeeded.length
    counts.repeated += repeated.length
    counts.different += Number(isDifferent)
    counts.inconsistent += Number(problems.length > 0)
    const where =
      [...before]
        .filter(([, task]) => task.state === 'crashed')
        .map(([task]) => task)
        .join(' + ') || (before.size === 0 ? 'before the flow' : 'between tasks')
    killedIn.set(where, (killedIn.get(where) ?? 0) + 1)
    if (isDifferent || repeated.length > 0 || problems.length > 0) {
      process.stdout.write(
        `round ${round}: killed after ${afterMs.toFixed(0)} ms in ${where}: ${JSON.stringify(outcome(dataDir))} ${problems.join()} ${repeated.map(([task]) => task).join()}\n`,
      )
    }
    rmSync(dataDir, { recursive: true, force: true })
  }
  process.stdout.write(
    `${JSON.stringify(counts)}\nkilled in: ${[...killedIn].map(([where, n]) => `${where} ${n}`).join(', ')}\n`,
  )
  process.exitCode = counts.different + counts.repeated + counts.inconsistent === 0 ? 0 : 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
