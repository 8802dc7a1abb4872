/**
 * A registry with 10,000 runs and 100,000 metric points: what every route of the dashboard and every list command takes.
 * node test/bench/dashboard.bench.ts [--runs 10000] [--points 10] [--rounds 15] [--smoke]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startDashboard } from '../../src/dashboard/start-dashboard.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import { serveDashboard } from '../../src/serving/dashboard-server.ts'

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    points: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '15' },
    smoke: { type: 'boolean', default: false },
  },
})
const nRuns = values.smoke ? 200 : Number(values.runs)
const nRounds = values.smoke ? 2 : Number(values.rounds)
const dataDir = mkdtempSync(join(tmpdir(), 'recsys-dashboard-bench-'))

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!
}

/** Every tenth run has a version, one in a hundred is a study with ten trials, and there are a tenth as many flow runs. */
function fill(): { run: string; study: string; flow: string } {
  writeFileSync(join(dataDir, 'note'), '')
  const registry = openRegistry(dataDir)
  const ids = { run: '', study: '', flow: '' }
  const base = {
    ...{
      params: { factors: 32, reg: 0.1, epochs: 20 },
      seed: 1,
      split: 'hash:0.2',
      lakeVersion: 0,
      tags: {},
    },
    ...{ programVersion: '0.1.0', nodeVersion: process.version },
  }
  let study: string | null = null
  for (let i = 0; i < nRuns; i++) {
    if (i % 100 === 0) study = registry.createRun({ ...base, algorithm: 'svd' })
    const isTrial = i % 10 === 0
    const run = registry.createRun({
      ...base,
      algorithm: ['svd', 'nmf', 'als'][i % 3]!,
      parentRunId: isTrial ? study : null,
    })
    for (let epoch = 1; epoch <= Number(values.points); epoch++)
      registry.logEpoch(run, epoch, { loss: 1 / epoch })
    const artifact = { artifactPath: `artifacts/${run}`, manifestSha256: 'a'.repeat(64) }
    const metrics = { rmse: 0.8 + ((i * 7919) % 1000) / 5000, 'ndcg@10': ((i * 104729) % 1000) / 5000 }
    const finished = { splitFingerprint: 'f', metrics, durationsMs: { fit: 100 } }
    const version = registry.finishRun(
      run,
      finished,
      i % 10 === 5 ? { name: 'recommender', ...artifact } : undefined,
    )
    if (version && i % 1000 === 5) {
      const previous = registry.inStage('recommender', 'production')?.version ?? null
      registry.changeStage({
        ...{
          name: 'recommender',
          version: version.version,
          stage: 'production',
          action: 'promote',
          expectedPrevious: previous,
        },
        ...{ reason: 'better', figures: {} },
      })
    }
    if (i % 10 === 0) {
      const flow = registry.createFlowRun({
        ...{
          flow: 'retrain',
          lock: null,
          plan: { tasks: [] },
          params: {},
          cause: 'by hand',
          parentFlowRunId: null,
        },
        ...{
          programVersion: '0.1.0',
          tasks: ['load', 'train-svd', 'train-nmf', 'register', 'promote'].map((task) => ({ task })),
        },
      })
      for (const task of ['load', 'train-svd', 'train-nmf', 'register', 'promote']) {
        const attempt = registry.beginAttempt(flow, task)
        registry.endAttempt(
          flow,
          task,
          attempt,
          { state: 'succeeded', exitCode: 0, message: null, waitMs: null },
          { state: 'succeeded' },
        )
      }
      const line = { task: 'train-svd', attempt: 1, at: new Date().toISOString(), stream: 'stderr' as const }
      registry.logLines(
        flow,
        Array.from({ length: 50 }, (_, n) => ({ ...line, line: `epoch ${n}` })),
      )
      registry.endFlowRun(flow, 'succeeded', null)
      ids.flow = flow
    }
    ids.run = run
    ids.study = study!
  }
  registry.close()
  return ids
}

try {
  mkdirSync(dataDir, { recursive: true })
  const prepare = (...args: string[]) =>
    execFileSync(process.execPath, [program, ...args, '--data-dir', dataDir, '--quiet'], { stdio: 'ignore' })
  prepare('init-tables')
  // Trained before the others: a model that can be tried out, and two that can be compared.
  prepare('train', '--algo', 'nmf', '--name', 'tried')
  prepare('train', '--algo', 'svd', '--name', 'tried')
  const start = performance.now()
  const { run, study, flow } = fill()
  process.stdout.write(`filled in ${((performance.now() - start) / 1000).toFixed(0)} s\n`)
  const data = { dataDir, modelName: 'tried', env: process.env, directory: dataDir }
  const server = await serveDashboard({
    host: '127.0.0.1',
    port: 0,
    adminToken: undefined,
    start: () => startDashboard(data),
  })
  const paths = [
    ...[
      'overview',
      'models',
      `models/recommender/${nRuns / 10}`,
      'runs?limit=50',
      'runs?limit=50&sort=rmse&order=ascending',
    ],
    ...[
      'runs?limit=50&offset=9000&algorithm=svd&status=finished',
      `runs/${run}`,
      'studies',
      `studies/${study}`,
      'flows',
    ],
    ...[
      `flows/${flow}`,
      `flows/${flow}/logs`,
      'schedules',
      'data',
      'load-tests',
      'users',
      'try/u1',
      'try/u1?version=1',
      'similar/i1',
      'compare?name=tried&first=2&second=1',
    ],
  ]
  let slowest = 0
  for (const path of paths) {
    const times: number[] = []
    let size = 0
    for (let round = 0; round < nRounds; round++) {
      const begin = performance.now()
      const response = await fetch(`${server.url}/api/v1/${path}`)
      size = (await response.text()).length
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      times.push(performance.now() - begin)
    }
    slowest = Math.max(slowest, median(times))
    process.stdout.write(
      `${path.replace(run, 'RUN').replace(study, 'STUDY').replace(flow, 'FLOW').padEnd(60)} first ${times[0]!.toFixed(0)} ms, median ${median(times).toFixed(1)} ms, max ${Math.max(...times).toFixed(1)} ms, ${(size / 1000).toFixed(1)} kB\n`,
    )
  }
  await server.stop()
  const whole = (args: readonly string[]) => {
    const begin = performance.now()
    execFileSync(process.execPath, [program, ...args], { stdio: 'ignore' })
    return performance.now() - begin
  }
  const commands = [
    ['runs', 'list'],
    ['models', 'list'],
    ['models', 'history'],
    ['flow', 'list'],
    ['schedule', 'list'],
    ['webhooks', 'list'],
  ]
  for (const command of commands) {
    const pairs = Array.from(
      { length: 5 },
      () => [whole([...command, '--data-dir', dataDir]), whole([...command, '--help'])] as const,
    )
    const [all, help] = [median(pairs.map(([ms]) => ms)), median(pairs.map(([, ms]) => ms))]
    process.stdout.write(
      `recsys ${command.join(' ')}`.padEnd(60) +
        ` median ${all.toFixed(0)} ms, of which start-up (--help) ${help.toFixed(0)} ms\n`,
    )
  }
  process.stdout.write(`slowest route: ${slowest.toFixed(1)} ms\n`)
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
