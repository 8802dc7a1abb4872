import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isHeader, mapColumns, parseColumnChoice } from '../../src/lake/import/column-names.ts'
import { guessDialect, splitFields } from '../../src/lake/import/delimiter.ts'

const found = (...names: string[]) => ({ displayPath: 'r.csv', names, firstLine: names.join() })

describe('columns', () => {
  test('are found by well-known names in any order and spelling', () => {
    const spellings = {
      user: ['user', 'USER_ID', 'userId', 'uid', 'reviewerID'],
      item: ['item', 'movieId', 'Product ID', 'sku', 'parent_asin'],
      rating: ['rating', 'Score', 'stars', 'overall'],
      timestamp: ['timestamp', 'ts', 'unixReviewTime', 'date'],
    }
    const named = fc.tuple(
      ...Object.values(spellings).map((names) => fc.constantFrom(...names)),
      fc.constant('note'),
    )
    fc.assert(
      fc.property(
        named.chain((names) =>
          fc.shuffledSubarray(names, { minLength: 5, maxLength: 5 }).map((order) => [names, order] as const),
        ),
        ([names, order]) => {
          const at = (i: number) => order.indexOf(names[i]!)
          expect(mapColumns(found(...order), {})).toEqual({
            user: at(0),
            item: at(1),
            rating: at(2),
            timestamp: at(3),
          })
          expect(isHeader(order, {})).toBe(true)
        },
      ),
    )
  })

  test('without names are user, item, rating and timestamp when there are three or four', () => {
    expect(mapColumns(found('', '', ''), {})).toEqual({ user: 0, item: 1, rating: 2, timestamp: undefined })
    expect(mapColumns(found('', '', '', ''), {})).toMatchObject({ timestamp: 3 })
    expect(() => mapColumns(found('', '', '', '', ''), {})).toThrow(/5 unnamed columns/)
  })

  test('chosen by name or position are taken; a name goes before a position', () => {
    const choice = parseColumnChoice('user=b, item=2,rating=x=y,timestamp=5')
    expect(mapColumns(found('2', 'a', 'b', 'x=y', 'z'), choice)).toEqual({
      user: 2,
      item: 0,
      rating: 3,
      timestamp: 4,
    })
  })

  test('that are not there, or used twice, are named together with those that are', () => {
    const refusal = (choice: string) => () => mapColumns(found('a', 'b', 'c'), parseColumnChoice(choice))
    expect(refusal('user=a,item=b,rating=q')).toThrow(/no column 'q'; its columns are a, b, c/)
    expect(refusal('user=a,item=b,rating=9')).toThrow(/no column '9'/)
    expect(refusal('user=a,item=b')).toThrow(/known as rating/)
    expect(refusal('user=a,item=a,rating=b')).toThrow(/used twice/)
    expect(() => mapColumns({ ...found('q'), firstLine: 'x'.repeat(999) }, {})).toThrow(/x{200}…/)
  })

  test('cannot be chosen with words that mean nothing', () => {
    for (const text of ['', 'user', 'user=', 'who=a', 'user=a,,item=b']) {
      expect(() => parseColumnChoice(text)).toThrow(expect.objectContaining({ code: 'RECSYS_USAGE' }))
    }
  })
})

describe('a delimiter', () => {
  test('of any fields is found again, quotes and all', () => {
    const field = fc.stringMatching(/^[a-z0-9 .,;|:"]{1,8}$/).filter((text) => text.trim() !== '')
    const row = fc.array(field, { minLength: 4, maxLength: 4 })
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 5, maxLength: 9 }),
        fc.constantFrom('\t', ',', ';'),
        (lines, delimiter) => {
          const dialect = { delimiter, quote: '"' }
          for (const fields of lines)
            expect(splitFields(fields.map(quote).join(delimiter), dialect)).toEqual(fields)
        },
      ),
    )
  })

  test('is the one that cuts nearly all lines alike', () => {
    const guess = (...lines: string[]) => guessDialect(lines)?.delimiter
    expect(guess('1,2,3', '4,5,6', 'bad', '7,8,9', '1,2,3', '1,2,3')).toBe(',')
    expect(guess('1::2::5::9', '1::3::5::9')).toBe('::')
    expect(guess('a b;c d;1', 'e f;g h;2')).toBe(';')
    expect(guess('a#b#c', 'd#e#f')).toBe(undefined)
    expect(guess('u,i,"1, 2, 3"', 'u,i,"4"')).toBe(',')
  })
})
