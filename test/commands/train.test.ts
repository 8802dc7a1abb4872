import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import Evaluate from '../../commands/evaluate.ts'
import Train from '../../commands/train.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { planMemory } from '../../src/pipeline/memory-plan.ts'
import { type TrainOptions, type TrainReport, train } from '../../src/pipeline/train.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'
import { trainingSetOf } from '../helpers/training-sets.ts'

const quick = ['--factors', '4', '--epochs', '3'] as const

async function trainJson(dataDir: string, ...flags: string[]): Promise<TrainReport> {
  const { stdout, stderr, exitCode } = await runCommand(Train, ['--data-dir', dataDir, '--json', ...flags])
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as TrainReport
}

/** SHA-256 of every file of a directory. */
function digests(directory: string): Record<string, string> {
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(directory, file)))
      .digest('hex')
  return Object.fromEntries(readdirSync(directory).map((file) => [file, digest(file)]))
}

test('train registers a version with its run, its epochs and its artifact', async () => {
  const dataDir = await sampleLake()
  const report = await trainJson(dataDir, '--algo', 'svd', ...quick, '--tag', 'ticket=R-1', '--name', 'films')
  expect(report).toMatchObject({
    ...{ name: 'films', version: 1, algorithm: 'svd', seed: 42, split: 'hash:0.2', lakeVersion: 0, k: 10 },
    params: { factors: 4, epochs: 3, reg: 0.06 },
  })
  expect(report.nTrainRows + report.nHeldOutRows).toBe(2500)
  const { run, version, epochs } = askRegistry(dataDir, (registry) => ({
    run: registry.run(report.runId),
    version: registry.version('films', 1),
    epochs: registry.epochs(report.runId),
  }))
  expect(run).toMatchObject({
    ...{ status: 'finished', tags: { ticket: 'R-1' }, nodeVersion: process.version, error: null },
    ...{ metrics: report.metrics, splitFingerprint: report.splitFingerprint },
  })
  expect(Object.keys(run.durationsMs)).toEqual(
    expect.arrayContaining(['read', 'index', 'fit', 'evaluate', 'write']),
  )
  expect(version).toMatchObject({ runId: report.runId, stage: 'none', artifactPath: report.artifactPath })
  expect(new Set(epochs.map(({ epoch }) => epoch))).toEqual(new Set([1, 2, 3]))
  expect(existsSync(join(dataDir, report.artifactPath, 'manifest.json'))).toBe(true)
})

test.each(['svd', 'nmf'])('the artifact of %s has the same bytes on one thread and on two', async (algo) => {
  const dataDir = await sampleLake()
  const one = await trainJson(dataDir, '--algo', algo, ...quick, '--threads', '1')
  const two = await trainJson(dataDir, '--algo', algo, ...quick, '--threads', '2')
  expect(two.runId).not.toBe(one.runId)
  expect(digests(join(dataDir, two.artifactPath))).toEqual(digests(join(dataDir, one.artifactPath)))
  const other = await trainJson(dataDir, '--algo', algo, ...quick, '--seed', '7')
  // The manifest names the seed: only the factors show that it was used.
  const factors = (report: TrainReport) => digests(join(dataDir, report.artifactPath))['items.arrow']
  expect(factors(other)).not.toBe(factors(one))
})

test('a version evaluates to the metrics and baselines that its training reported', async () => {
  const dataDir = await sampleLake()
  const trained = await trainJson(dataDir, '--algo', 'svd', ...quick, '--split', 'random:0.25', '--seed', '3')
  const { stdout } = await runCommand(Evaluate, ['--data-dir', dataDir, '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ metrics: trained.metrics, baselines: trained.baselines },
    splitFingerprint: trained.splitFingerprint,
  })
})

test('the table shows the model beside the three baselines, an epoch a line, and what comes next', async () => {
  const dataDir = await sampleLake()
  const { stdout, stderr, exitCode } = await runCommand(Train, [
    '--data-dir',
    dataDir,
    '--algo',
    'nmf',
    ...quick,
  ])
  expect(exitCode).toBe(0)
  for (const row of ['global mean', 'user + item bias', 'popularity', 'nmf v1', 'Next: recsys promote']) {
    expect(stdout).toContain(row)
  }
  expect(stderr).toMatch(/epoch 1\/3 {2}loss [\d.]+/)
  expect(stderr).toMatch(/epoch 2\/3 .* s left/)
})

test('--quiet says nothing of the progress', async () => {
  const dataDir = await sampleLake()
  const flags = ['--data-dir', dataDir, '--algo', 'svd', ...quick, '--quiet']
  const { stderr, exitCode } = await runCommand(Train, flags)
  expect(exitCode).toBe(0)
  expect(stderr).not.toMatch(/epoch|training|lake/)
})

test('a catalogue of four items is trained on without a word about list lengths', async () => {
  const folder = temporaryDirectory()
  const pairs = Array.from({ length: 24 }, (_, n) => `u${n % 6},i${Math.floor(n / 6)},${1 + (n % 5)}`)
  writeFileSync(join(folder, 'few.csv'), ['user,item,rating', ...pairs].join('\n'))
  const dataDir = join(folder, 'data')
  await initTables({ dataDir, mode: 'create', from: join(folder, 'few.csv'), maxRejects: 0 })
  const report = await trainJson(dataDir, '--algo', 'svd', ...quick, '--split', 'random:0.3')
  expect(report).toMatchObject({ nItems: 4, version: 1 })
})

test.each([
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '-k', '0']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '-k', '1000000000']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--factors', '0']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--epochs', '1000000']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--reg', 'NaN']],
  [2, 'RECSYS_USAGE', ['--algo', 'nmf', '--reg', '-1']],
  [2, 'RECSYS_USAGE', ['--algo', 'popular', '--factors', '3']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--split', 'hash:2']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--name', '../../elsewhere']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--name', '__proto__']],
  [2, 'RECSYS_USAGE', ['--algo', 'svd', '--tag', 'novalue']],
  [4, 'RECSYS_LAKE_VERSION', ['--algo', 'svd', '--lake-version', '99']],
  [4, 'RECSYS_PAIR_FILE', ['--algo', 'svd', '--split', 'file:absent.csv,gone.csv']],
])('exit %i with %s for %j, and nothing is left behind', async (exitCode, code, flags) => {
  const dataDir = await sampleLake()
  const outcome = await runCommand(Train, ['--data-dir', dataDir, ...flags])
  expect(outcome).toMatchObject({ exitCode, stdout: '' })
  expect(outcome.stderr).toContain(code)
  expect(readdirSync(dataDir)).toEqual(['lake'])
})

test('a directory without a lake is refused and stays as it is', async () => {
  const dataDir = temporaryDirectory()
  const { exitCode, stderr } = await runCommand(Train, ['--data-dir', dataDir, '--algo', 'svd'])
  expect([exitCode, readdirSync(dataDir)]).toEqual([4, []])
  expect(stderr).toContain('RECSYS_LAKE_MISSING')
})

test('an artifact that cannot be written fails the run with its reason', async () => {
  const dataDir = await sampleLake()
  writeFileSync(join(dataDir, 'artifacts'), 'in the way')
  const { exitCode, stderr } = await runCommand(Train, ['--data-dir', dataDir, '--algo', 'svd', ...quick])
  expect(exitCode).toBe(6)
  expect(stderr).toContain('RECSYS_DATA_DIR_UNWRITABLE')
  const [run] = askRegistry(dataDir, (registry) => registry.runs())
  expect(run).toMatchObject({ status: 'failed', error: expect.stringContaining('artifacts') })
  expect(askRegistry(dataDir, (registry) => registry.versions())).toEqual([])
})

test.each(['fitting svd', 'epoch', 'scoring the held-out rows', 'writing the artifact'])(
  'an interruption at "%s" marks the run as killed and leaves neither version nor artifact',
  async (phase) => {
    const dataDir = await sampleLake()
    const interruption = new AbortController()
    const interruptAt = (now: string) => {
      if (now === phase) interruption.abort(new Error('interrupted'))
    }
    const options: TrainOptions = {
      ...{ dataDir, algorithm: 'svd', params: { factors: 4, epochs: 3 }, seed: 1, split: 'hash:0.2', k: 10 },
      ...{ name: 'films', tags: {}, nThreads: 2, signal: interruption.signal },
      ...{ onProgress: interruptAt, onEpoch: () => interruptAt('epoch') },
    }
    await expect(train(options)).rejects.toThrow('interrupted')
    const { runs, versions } = askRegistry(dataDir, (registry) => ({
      runs: registry.runs(),
      versions: registry.versions(),
    }))
    expect(runs.map(({ status }) => status)).toEqual(['killed'])
    expect(versions).toEqual([])
    const artifacts = join(dataDir, 'artifacts')
    expect(existsSync(artifacts) ? readdirSync(artifacts) : []).toEqual([])
  },
)

test('a job that no memory could hold is refused with its size', () => {
  const set = trainingSetOf([{ user: 0, item: 0, rating: 1 }], 1, 1)
  const plan = (sharedBytes: number, nRows: number, entryBytes = 0) => {
    const outside = { entryBytes, copiedBytes: 0, windowBytes: 1000 }
    return planMemory({ sharedBytes, outside, nThreads: 2, mostSharedBytes: 2 ** 32 }, set, nRows)
  }
  expect(plan(2 ** 32, 1)).toEqual({ sharedBytes: 2 ** 32, dataBytes: 22 + 16, outsideBytes: 0 })
  expect(plan(2 ** 32 + 1, 1, 5000)).toEqual({
    sharedBytes: 2 ** 32 + 1 - 5000 + 2000,
    dataBytes: 22 + 16,
    outsideBytes: 5000,
  })
  expect(() => plan(9e9, 1)).toThrow(
    expect.objectContaining({ code: 'RECSYS_MEMORY', message: expect.stringContaining('9.00 GB') }),
  )
  expect(() => plan(1, 1e12)).toThrow(expect.objectContaining({ code: 'RECSYS_MEMORY' }))
})

test('--patience learns without the validation rows, stops early and registers the best epoch', async () => {
  const dataDir = await sampleLake()
  const flags = ['--algo', 'als', '--factors', '32', '--reg', '0.00001', '--epochs', '200', '--patience', '3']
  const report = await trainJson(dataDir, ...flags)
  const epochs = askRegistry(dataDir, (registry) => registry.epochs(report.runId))
  const validation = epochs.filter(({ metric }) => metric === 'validationNdcg@10')
  const best = validation.reduce((a, b) => (b.value > a.value ? b : a))
  expect(report.bestEpoch).toBe(best.epoch)
  expect(validation.length).toBe(best.epoch + 3)
  expect(validation.length).toBeLessThan(200)
})

test('--all trains every algorithm and warns of a best rmse that ranks worse than popularity', async () => {
  const dataDir = await sampleLake()
  const { stdout, exitCode } = await runCommand(Train, ['--data-dir', dataDir, '--all', '--quiet'])
  expect(exitCode).toBe(0)
  for (const name of Object.keys(algorithms)) expect(stdout).toMatch(new RegExp(`│ ${name} v\\d+ +│`))
  expect(stdout.match(/\d \*/g)?.length).toBeGreaterThanOrEqual(9)
  expect(askRegistry(dataDir, (registry) => registry.versions()).length).toBe(Object.keys(algorithms).length)
})

test('train wants one of an algorithm, --all and --resume', async () => {
  const dataDir = await sampleLake()
  expect((await runCommand(Train, ['--data-dir', dataDir])).exitCode).toBe(2)
  expect((await runCommand(Train, ['--data-dir', dataDir, '--all', '--algo', 'svd'])).exitCode).toBe(2)
})
