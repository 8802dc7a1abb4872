import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import InitTables from '../../commands/init-tables.ts'
import { readPopulation } from '../../src/pipeline/population.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'

async function lakeWith(files: Record<string, string>): Promise<string> {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const args = ['--from', join(directory, 'ratings.csv'), '--items-file', join(directory, 'items.csv')]
  const outcome = await runCommand(InitTables, ['--data-dir', join(directory, 'data'), ...args])
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  return join(directory, 'data')
}

const files = {
  'ratings.csv': 'user_id,item_id,rating\nu1,i1,4\nu2,i2,3\nu2,"i,3",5\n',
  'items.csv': 'item_id,title,categories\ni1,One,Drama|War\ni2,Two,Drama\n"i,3",Three,War\n',
}

test('users, categories and items come from the lake, each once, without what the API would split', async () => {
  expect(await readPopulation(await lakeWith(files), 10)).toEqual({
    userIds: ['u1', 'u2'],
    categories: ['War', 'Drama'],
    itemIds: ['i1', 'i2'],
  })
})

test('at most as many users as asked for are read', async () => {
  expect(await readPopulation(await lakeWith(files), 1)).toMatchObject({ userIds: ['u1'] })
})

test('without a lake the remedy names both ways to get users', async () => {
  await expect(readPopulation(temporaryDirectory(), 10)).rejects.toMatchObject({
    code: 'RECSYS_LAKE_MISSING',
    remedy: expect.stringMatching(/init-tables.*--user-ids/),
  })
})
