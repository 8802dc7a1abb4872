import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runRecsys, spawnRecsys } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

interface Report {
  readonly runId: string
  readonly bestEpoch: number
  readonly metrics: Record<string, number>
}

function digests(dataDir: string, runId: string): string[] {
  const directory = join(dataDir, 'artifacts', runId)
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(directory, file)))
      .digest('hex')
  return readdirSync(directory).map((file) => `${file} ${digest(file)}`)
}

/** Kills a training as soon as it has logged an epoch, and gives the run's id. */
async function killAt(dataDir: string, epoch: number, flags: readonly string[]): Promise<string> {
  const child = spawnRecsys(['train', '--data-dir', dataDir, ...flags])
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
    if (log.includes(`epoch ${epoch}/`)) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const [run] = askRegistry(dataDir, (registry) => registry.runs({ status: 'killed' }))
  expect(run, log).toBeDefined()
  return run.runId
}

async function trained(dataDir: string, flags: readonly string[]): Promise<Report> {
  const { stdout, stderr, exitCode } = await runRecsys(['train', '--data-dir', dataDir, '--json', ...flags])
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as Report
}

test.each([
  ['als', ['--factors', '64', '--epochs', '60']],
  ['nmf', ['--factors', '64', '--epochs', '300', '--patience', '400']],
])(
  '%s: a training killed half way goes on from its checkpoint to the same bytes',
  async (algorithm, params) => {
    const dataDir = await sampleLake()
    const flags = ['--algo', algorithm, ...params, '--checkpoint-every', '5']
    const whole = await trained(dataDir, flags)
    const runId = await killAt(dataDir, 12, flags)
    expect(existsSync(join(dataDir, 'artifacts', runId))).toBe(false)
    const resumed = await trained(dataDir, ['--resume', runId])
    expect(resumed.runId).toBe(runId)
    expect(resumed.bestEpoch).toBe(whole.bestEpoch)
    expect(digests(dataDir, runId)).toEqual(digests(dataDir, whole.runId))
    expect(existsSync(join(dataDir, 'checkpoints', runId))).toBe(false)
    const curves = [whole.runId, runId].map((id) => askRegistry(dataDir, (registry) => registry.epochs(id)))
    expect(curves[1]).toEqual(curves[0])
  },
)

test('what cannot be resumed is refused with a reason', async () => {
  const dataDir = await sampleLake()
  const resume = async (runId: string) => {
    const { stdout, exitCode } = await runRecsys([
      'train',
      '--data-dir',
      dataDir,
      '--json',
      '--resume',
      runId,
    ])
    const { error } = JSON.parse(stdout) as { error: { code: string } }
    return [exitCode, error.code]
  }
  const { runId } = await trained(dataDir, ['--algo', 'als', '--factors', '8', '--epochs', '2'])
  expect(await resume('zzzz')).toEqual([4, 'RECSYS_RUN_UNKNOWN'])
  expect(await resume(runId)).toEqual([4, 'RECSYS_CHECKPOINT_MISSING'])
  const flags = ['--algo', 'als', '--factors', '64', '--epochs', '400', '--checkpoint-every', '1']
  const killed = await killAt(dataDir, 4, flags)
  const directory = join(dataDir, 'checkpoints', killed)
  const [epoch] = readdirSync(directory).filter((name) => name.startsWith('epoch-'))
  const file = join(directory, epoch, 'items.bin')
  const bytes = readFileSync(file)
  bytes[100] ^= 1
  writeFileSync(file, bytes)
  expect(await resume(killed)).toEqual([4, 'RECSYS_CHECKPOINT_CORRUPT'])
})
