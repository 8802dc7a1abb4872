import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { evaluateVersion } from '../../src/pipeline/evaluate.ts'
import { scoreOnHoldout } from '../../src/pipeline/holdout.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { train } from '../../src/pipeline/train.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

function trainOn(dataDir: string, split: string) {
  const common = { dataDir, name: 'r', k: 10, tags: {}, nThreads: 2 }
  return train({ ...common, algorithm: 'popular', params: {}, seed: 1, split })
}

function evaluate(dataDir: string, lakeVersion?: number) {
  return evaluateVersion({ dataDir, name: 'r', ks: [5], lakeVersion, nThreads: 2 })
}

async function append(dataDir: string): Promise<void> {
  const from = join(temporaryDirectory(), 'more.csv')
  writeFileSync(from, 'user,item,rating\nnew,first,3\nnew,second,4\n')
  await initTables({ dataDir, mode: 'append', from, maxRejects: 0 })
}

test.each(['random:0.2', 'kfold:5'])(
  'a version of a %s split is not scored on a lake that has grown: the rows are cut anew',
  async (split) => {
    const dataDir = await sampleLake()
    await trainOn(dataDir, split)
    await append(dataDir)
    await expect(evaluate(dataDir, 1)).rejects.toMatchObject({
      code: 'RECSYS_SPLIT_LEAK',
      message: expect.stringMatching(/r v1 has learnt from \d+ of the \d+ rows held out here/),
    })
    expect((await evaluate(dataDir)).version).toBe(1)
  },
)

test.each(['hash:0.2', 'users:0.3'])(
  'a version of a %s split is scored on a lake that has grown',
  async (split) => {
    const dataDir = await sampleLake()
    await trainOn(dataDir, split)
    await append(dataDir)
    expect((await evaluate(dataDir, 1)).lakeVersion).toBe(1)
  },
)

test('a version whose split files have changed is not scored: nobody can tell what it has learnt from', async () => {
  const dataDir = await sampleLake()
  const split = await splitFiles(dataDir)
  await trainOn(dataDir, split.text)
  await evaluate(dataDir)
  appendFileSync(split.testPath, `${split.spare}\n`)
  await expect(evaluate(dataDir)).rejects.toMatchObject({
    code: 'RECSYS_SPLIT_LEAK',
    message: expect.stringContaining('cannot be made again'),
  })
})

/** Two files of rows that a popular model was asked about: a few to learn from, one to hold out, and one more. */
async function splitFiles(dataDir: string) {
  const { openLake } = await import('../../src/lake/lake.ts')
  const lake = await openLake(dataDir)
  const { userIds, itemIds, userIndex, itemIndex } = await lake.readInteractions()
  lake.close()
  const line = (row: number) => `${userIds[userIndex[row]]},${itemIds[itemIndex[row]]}`
  const [trainPath, testPath] = ['train.csv', 'test.csv'].map((name) => join(dataDir, name))
  writeFileSync(trainPath, `user,item\n${Array.from({ length: 300 }, (_, row) => line(row)).join('\n')}\n`)
  writeFileSync(testPath, `user,item\n${line(300)}\n${line(301)}\n`)
  return { text: `file:${trainPath},${testPath}`, testPath, spare: line(302) }
}

test('how many rows a champion of another split has learnt from is told', async () => {
  const dataDir = await sampleLake()
  await trainOn(dataDir, 'hash:0.2')
  await trainOn(dataDir, 'random:0.2')
  const versions = askRegistry(dataDir, (registry) => [registry.version('r', 1), registry.version('r', 2)])
  const question = { dataDir, versions, lakeVersion: 0, split: 'hash:0.2', seed: 1, ks: [5], nThreads: 2 }
  const { nLearntRows, nHeldOutRows } = await scoreOnHoldout(question)
  expect(nLearntRows[0]).toBe(0)
  // About four fifths of what hash holds out is on the training side of another split.
  expect((nLearntRows[1] as number) / nHeldOutRows).toBeGreaterThan(0.7)
  expect((nLearntRows[1] as number) / nHeldOutRows).toBeLessThan(0.9)
})
