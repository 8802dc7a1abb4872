import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExpressionError, parseExpression } from '../../src/serving/filter/expression.ts'
import { type ItemFields, matchingItems } from '../../src/serving/filter/matching-items.ts'
import { buildAttributeTable } from '../../src/serving/shared/attribute-table.ts'
import { has } from '../../src/serving/shared/bitset.ts'
import { buildCategoryTable } from '../../src/serving/shared/category-table.ts'
import { buildIdTable } from '../../src/serving/shared/id-table.ts'

const shop = [
  {
    id: 'a',
    categories: ['Comedy'],
    attributes: '{"price":"12.5","brand":"Acme","tags":"[\\"new\\",\\"sale\\"]"}',
  },
  {
    id: 'b',
    categories: ['Comedy', 'Drama'],
    attributes: '{"price":"20","brand":"O\'Neill","list price":"25"}',
  },
  { id: 'c', categories: [], attributes: '{"price":"cheap","tags":"[\\"sale\\"]","inStock":"true"}' },
  { id: 'd', categories: ['Drama'], attributes: null },
]

const fields: ItemFields = {
  ids: buildIdTable(shop.map(({ id }) => id)),
  categories: buildCategoryTable(shop.map(({ categories }) => categories)),
  attributes: buildAttributeTable(shop.map(({ attributes }) => attributes)),
  interactions: Int32Array.of(5, 50, 500, 0),
}

function found(expression: string): string {
  const items = matchingItems(parseExpression(expression), fields)
  return shop
    .map(({ id }) => id)
    .filter((_, index) => has(items, index))
    .join('')
}

describe('an expression', () => {
  test.each([
    ['price < 20', 'a'],
    ['price <= 20', 'ab'],
    ['price = 12.50', 'a'],
    ['price = "12.5"', 'a'],
    ['price = "12.50"', ''],
    ['price != 20', 'a'],
    ['price < 20 and genre = "Comedy"', 'a'],
    ['category = "Drama"', 'bd'],
    ['category != "Drama"', 'a'],
    ['not category = "Drama"', 'ac'],
    ['price < 20 or price >= 20 and brand = "Acme"', 'a'],
    ['(price < 20 or price >= 20) and not brand = "Acme"', 'b'],
    ["brand = 'O\\'Neill'", 'b'],
    ['brand in ("Acme", "Other")', 'a'],
    ['brand not in ("Acme", "Other")', 'bcd'],
    ['brand contains "NEIL"', 'b'],
    ['tags = "sale"', 'ac'],
    ['tags != "sale"', ''],
    ['tags exists', 'ac'],
    ['NOT tags EXISTS', 'bd'],
    ['inStock = true', 'c'],
    ['`list price` > 20', 'b'],
    ['interactions >= 50', 'bc'],
    ['itemId in ("a", "d")', 'ad'],
    ['price > -1e3', 'ab'],
    ['brand > "B"', 'b'],
  ])('%s is true for %s', (expression, items) => {
    expect(found(expression)).toBe(items)
  })

  test('finds what a look at every item finds, however it is put together', () => {
    const leaf = fc.constantFrom('price < 20', 'category = "Drama"', 'tags exists', 'interactions > 5')
    const tree = fc.letrec<{ any: string }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} and ${b})`),
        fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} or ${b})`),
        tie('any').map((a) => `not (${a})`),
      ),
    })).any
    const truth: Record<string, (id: string) => boolean> = {
      'price < 20': (id) => id === 'a',
      'category = "Drama"': (id) => 'bd'.includes(id),
      'tags exists': (id) => 'ac'.includes(id),
      'interactions > 5': (id) => 'bc'.includes(id),
    }
    const holds = (text: string, id: string): boolean => {
      // JavaScript's own operators on the truths of the leaves, for these four leaves only.
      const plain = Object.entries(truth).reduce(
        (all, [leafText, is]) => all.replaceAll(leafText, String(is(id))),
        text,
      )
      const reduce = (now: string): string => {
        const next = now
          .replaceAll(/not \((true|false)\)/g, (_, value) => String(value === 'false'))
          .replaceAll(/\((true|false) and (true|false)\)/g, (_, a, b) => String(a === 'true' && b === 'true'))
          .replaceAll(/\((true|false) or (true|false)\)/g, (_, a, b) => String(a === 'true' || b === 'true'))
        return next === now ? now : reduce(next)
      }
      return reduce(plain) === 'true'
    }
    fc.assert(
      fc.property(
        tree.filter((text) => text.length < 900 && (text.match(/not|\(/g) ?? []).length < 15),
        (text) => {
          const expected = shop.map(({ id }) => id).filter((id) => holds(text, id))
          expect(found(text)).toBe(expected.join(''))
        },
      ),
    )
  })
})

describe('what is no expression is refused with the place', () => {
  test.each([
    ['price <', 'has the end, expected a number or a text in quotes, at character 8'],
    ['price 20', 'has "20", expected one of'],
    ['price < 20 brand = "x"', 'has "brand", expected "and", "or" or the end, at character 12'],
    ['(price < 20', 'has the end, expected ")", at character 12'],
    ['brand = "x', 'has a " that is not closed at character 9'],
    ['price ; drop', 'has a stray ; at character 7'],
    ['brand in ()', 'has ")", expected a number or a text in quotes, at character 11'],
    ['"x" = brand', 'expected the name of a field'],
    ['', 'has the end, expected the name of a field'],
    [`${'not '.repeat(50)}price = 1`, 'nested more than 20 deep'],
    [`price in (${'1,'.repeat(600)}1)`, 'longer than 1000 characters'],
  ])('%s', (text, problem) => {
    expect(() => parseExpression(text)).toThrow(ExpressionError)
    expect(() => parseExpression(text)).toThrow(problem)
  })

  test('any text at all is parsed or refused, never anything else', () => {
    const pieces = fc.constantFrom(
      'price',
      'and',
      'or',
      'not',
      'in',
      '(',
      ')',
      '<',
      '=',
      '"x"',
      '1',
      ',',
      '`',
      "'",
      ' ',
      '\\',
      '𝕏',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (texts) => {
        try {
          matchingItems(parseExpression(texts.join(' ')), fields)
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
