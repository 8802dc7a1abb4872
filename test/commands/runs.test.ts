import { expect, test } from 'vitest'
import Compare from '../../commands/runs/compare.ts'
import List from '../../commands/runs/list.ts'
import Show from '../../commands/runs/show.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
import { registerVersion, sampleRun } from '../registry/sample-registry.ts'

/** Two finished runs on the same rows, one on others, one that failed. */
function sampleRuns(): { dataDir: string; ids: readonly string[] } {
  const dataDir = temporaryDirectory()
  const registry = openRegistry(dataDir)
  const finished = [
    registerVersion(registry, { rmse: 0.95 }),
    registerVersion(registry, {
      rmse: 0.9,
      run: { algorithm: 'nmf', params: { factors: 20 }, tags: {}, seed: 4294967295 },
    }),
    registerVersion(registry, { fingerprint: 'e'.repeat(64) }),
  ].map(({ runId }) => runId)
  const failed = registry.createRun(sampleRun())
  for (let epoch = 1; epoch <= 30; epoch++) registry.logEpoch(failed, epoch, { loss: 100 / epoch })
  registry.endRun(failed, 'failed', 'out of\u001b[2J memory')
  registry.close()
  return { dataDir, ids: [...finished, failed] }
}

async function run(command: unknown, dataDir: string, ...args: string[]) {
  const outcome = await runCommand(command, [...args, '--data-dir', dataDir])
  return { ...outcome, json: () => JSON.parse(outcome.stdout) }
}

test('runs list shows every run and filters by algorithm, status and number', async () => {
  const { dataDir, ids } = sampleRuns()
  const { stdout, exitCode } = await run(List, dataDir)
  expect(exitCode).toBe(0)
  for (const id of ids) expect(stdout).toContain(id)
  const idsOf = async (...args: string[]) =>
    (await run(List, dataDir, '--json', ...args)).json().runs.map(({ runId }: { runId: string }) => runId)
  expect(await idsOf('--algo', 'nmf')).toEqual([ids[1]])
  expect(await idsOf('--status', 'failed')).toEqual([ids[3]])
  expect(await idsOf('--limit', '2')).toHaveLength(2)
  expect((await run(List, dataDir, '--algo', 'bpr')).stdout).toContain('No runs.')
})

test('runs show gives parameters, metrics, durations, tags, what was registered and the curve by epoch', async () => {
  const { dataDir, ids } = sampleRuns()
  const { stdout } = await run(Show, dataDir, ids[0]!)
  for (const shown of [
    /parameters .*factors=8 reg=0.1/,
    /registered as .*films v1/,
    /phases .*read 12 ms, fit 1\.5 s/,
    /tags .*ticket=REC-1/,
    /held out .*200 ratings of 90 users held out; cold: 3 users, 7 items \(11 ratings\)/,
    /rmse .*0\.9500/,
    /trainRmse .*█▁ .*1 .*0\.8000/,
    /status .*finished/,
  ]) {
    expect(stdout).toMatch(shown)
  }
  expect((await run(Show, dataDir, '--json', ids[0]!)).json()).toMatchObject({
    run: { runId: ids[0], metrics: { rmse: 0.95 } },
    version: { name: 'films', version: 1 },
    epochs: [
      { epoch: 1, metric: 'loss', value: 2 },
      { epoch: 1, metric: 'trainRmse', value: 1 },
      { epoch: 2, metric: 'loss', value: 1 },
      { epoch: 2, metric: 'trainRmse', value: 0.8 },
    ],
  })
})

test('runs show of a failed run gives the error without its control characters, and thins out a long curve', async () => {
  const { dataDir, ids } = sampleRuns()
  const { stdout } = await run(Show, dataDir, ids[3]!)
  expect(stdout).toMatch(/error .*out of/)
  expect(stdout).not.toContain('\u001b[2J')
  const epochs = stdout.split('\n').flatMap((line) => /^│\s+(\d+) │\s+[\d.]+ │$/.exec(line)?.[1] ?? [])
  expect(epochs).toHaveLength(12)
  expect([epochs[0], epochs.at(-1)]).toEqual(['1', '30'])
  expect((await run(Show, dataDir, '--json', ids[3]!)).json()).toMatchObject({
    version: null,
    run: { status: 'failed' },
  })
})

test('runs compare puts values side by side with their difference', async () => {
  const { dataDir, ids } = sampleRuns()
  const { json } = await run(Compare, dataDir, '--json', ids[0]!, ids[1]!)
  const { rows, sameHeldOutRows } = json()
  expect(sameHeldOutRows).toBe(true)
  expect(rows).toEqual(
    expect.arrayContaining([
      { group: 'run', name: 'algorithm', first: 'svd', second: 'nmf', difference: null, same: false },
      { group: 'run', name: 'seed', first: 42, second: 4294967295, difference: null, same: false },
      { group: 'params', name: 'factors', first: 8, second: 20, difference: 12, same: false },
      { group: 'params', name: 'reg', first: 0.1, second: null, difference: null, same: false },
      { group: 'metrics', name: 'ndcg@10', first: 0.1, second: 0.1, difference: 0, same: true },
      { group: 'tags', name: 'ticket', first: 'REC-1', second: null, difference: null, same: false },
    ]),
  )
  const { stdout } = await run(Compare, dataDir, ids[0]!, ids[1]!)
  expect(stdout).toMatch(/rmse .*0\.9500 .*0\.9000 .*-0\.0500/)
  expect(stdout).toMatch(/factors .*8 .*20 .*\+12/)
  expect(stdout).toMatch(/seed .*42 .*4294967295 .*differs/)
  expect(stdout).not.toContain('cannot be compared')
})

test('runs compare warns when the runs were scored on different rows', async () => {
  const { dataDir, ids } = sampleRuns()
  for (const other of [ids[2]!, ids[3]!]) {
    expect((await run(Compare, dataDir, ids[0]!, other)).stdout).toContain('their metrics cannot be compared')
  }
})

test('a run that is unknown gives exit code 4, and a run that is missing on the line exit code 2', async () => {
  const { dataDir, ids } = sampleRuns()
  for (const id of ['nope', '../x', '__proto__', '0', 'x'.repeat(10_000)]) {
    const { stderr, exitCode } = await run(Show, dataDir, id)
    // Every run id of today starts with 0.
    expect(stderr).toContain('RECSYS_RUN_UNKNOWN')
    expect(exitCode).toBe(4)
  }
  expect((await run(Compare, dataDir, ids[0]!, 'nope')).exitCode).toBe(4)
  expect((await run(Compare, dataDir, ids[0]!)).exitCode).toBe(2)
})
