import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import Predict from '../../commands/predict.ts'
import type { PredictionReport } from '../../src/pipeline/predict.ts'
import { train } from '../../src/pipeline/train.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { sampleLake } from '../helpers/sample-lake.ts'

const common = { seed: 7, split: 'random:0.2', name: 'films', k: 5, tags: {} }
let dataDir: string
const [user, item] = ['u1', 'i1']
beforeAll(async () => {
  dataDir = await sampleLake({ users: 120, items: 60, interactions: 2500 }, afterAll)
  await train({ dataDir, ...common, algorithm: 'svd', params: { factors: 4, epochs: 20 } })
  await train({ dataDir, ...common, algorithm: 'als', params: { factors: 4, epochs: 2 } })
})

function predict(...args: string[]) {
  return runCommand(Predict, ['--data-dir', dataDir, '--name', 'films', ...args])
}

async function predictions(...args: string[]): Promise<PredictionReport> {
  const { stdout, exitCode } = await predict(...args, '--json')
  expect(exitCode).toBe(0)
  return JSON.parse(stdout)
}

test('a rating lies within the scale, with what it may be off by, wherever user or item are unknown too', async () => {
  const questions = [
    [user, item, 'user and item'],
    ['nobody', item, 'item'],
    [user, 'nothing', 'user'],
    ['nobody', 'nothing', 'mean'],
  ]
  for (const [userId, itemId, basis] of questions) {
    const report = await predictions(userId, itemId, '--version', '1')
    expect(report).toMatchObject({ name: 'films', version: 1, algorithm: 'svd' })
    const [low, high] = report.ratingRange
    const [prediction] = report.predictions
    expect(prediction).toMatchObject({ userId, itemId, basis })
    expect(prediction.rating).toBeGreaterThanOrEqual(low)
    expect(prediction.rating).toBeLessThanOrEqual(high)
    expect(prediction.deviation).toBeGreaterThan(0.1)
    expect(prediction.title === null).toBe(itemId === 'nothing')
  }
})

test('the table gives the interval of nine ratings in ten, and none where the algorithm has no distribution', async () => {
  const { stdout } = await predict(user, item, '--version', '1')
  expect(stdout).toMatch(/9 of 10 within/)
  expect(stdout).toMatch(/\d\.\d to \d\.\d/)
  expect(stdout).not.toContain('known is')
  const plain = await predict(user, 'nothing')
  expect(plain.stdout).toContain('films v2: als')
  expect(plain.stdout).toContain('the user alone')
  expect(plain.stdout).not.toContain('9 of 10')
})

test('a file of pairs is answered line by line, as CSV that quotes what has to be', async () => {
  const pairs = join(dataDir, 'pairs.csv')
  writeFileSync(pairs, `user_id,item_id\n${user},${item}\n"a, ""b""",${item}\n`)
  const { stdout } = await predict('--pairs', pairs, '--csv', '--version', '1')
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toBe('user_id,item_id,rating,deviation,basis')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(new RegExp(`^${user},${item},[\\d.]+,[\\d.]+,user and item$`))
  expect(lines[2]).toMatch(/^"a, ""b""",.*,item$/)
  expect((await predictions('--pairs', pairs)).predictions).toHaveLength(2)
})

test.each([
  [2, 'RECSYS_USAGE', []],
  [2, 'RECSYS_USAGE', ['u1']],
  [2, 'RECSYS_USAGE', ['u1', 'i1', '--pairs', 'pairs.csv']],
  [4, 'RECSYS_PAIR_FILE', ['--pairs', 'absent.csv']],
  [4, 'RECSYS_VERSION_UNKNOWN', ['u1', 'i1', '--version', '9']],
])('exit code %i, %s: %j', async (exitCode, code, args) => {
  const outcome = await predict(...args, '--json')
  expect(outcome.exitCode).toBe(exitCode)
  expect(JSON.parse(outcome.stdout).error.code).toBe(code)
})
