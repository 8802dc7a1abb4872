import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { TuneReport } from '../../src/pipeline/tune/types.ts'
import { runRecsys, spawnRecsys } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const flags = [
  '--algo',
  'svd',
  '--solver',
  'als',
  '--epochs',
  '20',
  '--trials',
  '16',
  '--seed',
  '3',
  '--threads',
  '2',
]

async function tune(dataDir: string, ...more: string[]): Promise<TuneReport> {
  const { stdout, stderr, exitCode } = await runRecsys(['tune', '--data-dir', dataDir, '--json', ...more])
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as TuneReport
}

/** Kills a study as soon as it has told of so many trials, and gives its run id. */
async function killAfter(dataDir: string, nTrials: number): Promise<string> {
  const child = spawnRecsys(['tune', '--data-dir', dataDir, ...flags])
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
    if ((log.match(/^trial \d+\/16 /gm) ?? []).length >= nTrials) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const [study] = askRegistry(dataDir, (registry) => registry.runs({ parentRunId: null }))
  expect(study?.status, log).toBe('killed')
  return study.runId
}

test.each([1, 6, 11])(
  'a study killed after %i trials goes on to the same end and loses no finished trial',
  async (nTrials) => {
    const dataDir = await sampleLake()
    const runId = await killAfter(dataDir, nTrials)
    const before = askRegistry(dataDir, (registry) =>
      registry.runs({ parentRunId: runId, status: 'finished' }),
    )
    expect(before.length).toBeGreaterThanOrEqual(nTrials)
    const resumed = await tune(dataDir, '--resume', runId)
    expect(resumed).toMatchObject({ runId, nTakenOver: before.length })
    expect(resumed.trials).toHaveLength(16)
    const kept = new Set(resumed.trials.map((trial) => trial.runId))
    for (const run of before) expect(kept.has(run.runId)).toBe(true)
    const whole = await tune(await sampleLake(), ...flags)
    const told = ({ trials }: TuneReport) =>
      trials.map(({ number, params, value }) => ({ number, params, value }))
    expect(told(resumed)).toEqual(told(whole))
    expect(resumed.model.metrics).toEqual(whole.model.metrics)
  },
)
