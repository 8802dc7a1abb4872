import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPairs } from '../../src/dataset/pair-file.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { datasetOf, pairsOf } from './sample-dataset.ts'

const dataset = datasetOf([
  ['1', '10', 5],
  ['1', '20', 4],
  ['1', '30', 1],
  ['2', '10', 3],
  ['2', '30', 2],
])

function file(name: string, content: string): string {
  const path = join(temporaryDirectory(), name)
  writeFileSync(path, content)
  return path
}

function pairs(content: string): string[] {
  return [...readPairs(file('ratings', content))].map(({ userId, itemId }) => `${userId} ${itemId}`)
}

function fold(train: string, test: string) {
  const [trainPath, testPath] = [file('train', train), file('test', test)]
  return makeFolds(dataset, { kind: 'file', trainPath, testPath }, 1)[0]
}

test.each([
  ['tabs', '1\t10\t5\t881250949\n2\t30\t3\t881250950\n'],
  ['commas', '1,10,5\n2,30,3\n'],
  ['double colons', '1::10::5::978300760\n2::30::3::978300760\n'],
  ['spaces', '1 10 5\n 2  30 3 \n'],
  ['semicolons', '1;10;5\n2;30;3'],
  ['Windows line ends and a byte order mark', '\uFEFF1,10,5\r\n2,30,3\r\n'],
  ['quotes', '"1","10",5\n"2",30,3\n'],
  ['empty lines', '\n1,10,5\n\n2,30,3\n\n'],
  ['a header', 'userId,movieId,rating\n1,10,5\n2,30,3\n'],
  ['a header of other names', 'uid,sku,stars\n1,10,5\n2,30,3\n'],
  ['a header and no ratings', 'user_id,item_id\n1,10\n2,30\n'],
])('pairs are read from a file with %s', (_, content) => {
  expect(pairs(content)).toEqual(['1 10', '2 30'])
})

test('the first line is no header when the column of ratings holds words throughout', () => {
  expect(pairs('u1,i1,click\nu2,i2,view\n')).toEqual(['u1 i1', 'u2 i2'])
})

test('quoted fields may hold the delimiter and quotes', () => {
  expect(pairs('"a,b","say ""x""",5\n"c","d",4\n')).toEqual(['a,b say "x"', 'c d'])
})

test('a file longer than one read is read whole', () => {
  const lines = Array.from({ length: 60_000 }, (_, n) => `user-ü-${n},item-${n}`)
  expect(pairs(lines.join('\n'))).toEqual(lines.map((line) => line.replace(',', ' ')))
})

test('two files choose the rows, and rows in neither take no part', () => {
  const { isTrain, isTest } = fold('1,10,5\n2,10,3\n2,30,2\n', '1,30,1\n')
  expect(pairsOf(dataset, isTrain)).toEqual(['1 10', '2 10', '2 30'])
  expect(pairsOf(dataset, isTest)).toEqual(['1 30'])
})

test('the same rows in another order and form have the same fingerprint', () => {
  const one = fold('1,10,5\n', '1,30,1\n2,30,2\n')
  const other = fold('1\t10\t5\n', '2\t30\t2\n1\t30\t1\n')
  expect(other.fingerprint).toBe(one.fingerprint)
  expect(fold('1,10,5\n', '1,30,1\n').fingerprint).not.toBe(one.fingerprint)
})

test.each([
  ['a row that is not in the lake', '1,10,5\n1,99,5\n9,10,2\n', '1,30,1\n', '2 rows of 3'],
  ['a row in both files', '1,10,5\n1,30,1\n', '1,30,1\n', 'the first is user "1", item "30"'],
  ['a first row that is not in the lake', '9,99,5\n2,10,3\n', '1,30,1\n', 'the first is line 1'],
  ['a list of items a user', '1 10 20\n2 10\n', '1 30 1\n', 'at line 2'],
  ['a line with another number of fields', '1,10,5\n2,10\n', '1,30,1\n', 'at line 2'],
  ['lines of one field', '1\n2\n', '1,30,1\n', 'expected a user and an item'],
])('%s is refused with its place', (_, train, test, message) => {
  expect(() => fold(train, test)).toThrow(
    expect.objectContaining({
      code: expect.stringMatching(/^RECSYS_(SPLIT|PAIR)_FILE$/),
      message: expect.stringContaining(message),
    }),
  )
})

test('an empty test file leaves nothing to hold out', () => {
  expect(() => fold('1,10,5\n', '')).toThrow(expect.objectContaining({ code: 'RECSYS_SPLIT_EMPTY' }))
})

test('a file that is absent or a folder is refused by name', () => {
  const folder = temporaryDirectory()
  for (const path of [join(folder, 'absent.csv'), folder]) {
    expect(() => [...readPairs(path)]).toThrow(
      expect.objectContaining({ code: 'RECSYS_PAIR_FILE', message: expect.stringContaining(path) }),
    )
  }
})
