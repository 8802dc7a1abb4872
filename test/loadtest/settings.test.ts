import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseDuration, parseWait } from '../../src/loadtest/duration.ts'
import { readUserIdsFile } from '../../src/loadtest/user-ids.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const range = { field: 'run-time', minMs: 1000, maxMs: 3_600_000 }

test.each([
  ['60s', 60_000],
  ['60', 60_000],
  ['1.5m', 90_000],
  ['1h', 3_600_000],
  ['1000ms', 1000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text, range)).toBe(ms)
})

test.each(['', 'soon', '999ms', '2h', '-5s', '5 s', '1e3', '0x10', 'NaN'])(
  'the time %j is refused',
  (text) => {
    expect(() => parseDuration(text, range)).toThrow(
      expect.objectContaining({
        code: 'RECSYS_USAGE',
        field: 'run-time',
        message: expect.stringContaining('1s to 1h'),
      }),
    )
  },
)

test('a think time is a range in seconds or one number', () => {
  expect(parseWait('0.1..0.5')).toEqual([100, 500])
  expect(parseWait('2')).toEqual([2000, 2000])
  expect(parseWait('0')).toEqual([0, 0])
})

test.each(['', '0.5..0.1', '1..', '..1', 'a', '-1', '0..4000'])('the think time %j is refused', (text) => {
  expect(() => parseWait(text)).toThrow(expect.objectContaining({ code: 'RECSYS_USAGE', field: 'wait' }))
})

test('user ids are read one a line, blank lines and line endings of any system aside', async () => {
  const path = join(temporaryDirectory(), 'ids.txt')
  writeFileSync(path, '1\r\n\n  a b \n__proto__\n')
  expect(await readUserIdsFile(path)).toEqual(['1', 'a b', '__proto__'])
})

test('a file of user ids that is empty, missing or a directory is refused with its path', async () => {
  const directory = temporaryDirectory()
  const empty = join(directory, 'empty.txt')
  writeFileSync(empty, '\n')
  for (const path of [empty, join(directory, 'missing.txt'), directory]) {
    await expect(readUserIdsFile(path)).rejects.toMatchObject({
      code: 'RECSYS_USER_IDS_UNREADABLE',
      message: expect.stringContaining(path),
    })
  }
})
