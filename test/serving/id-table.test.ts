import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildIdTable, indexOfId, maxIdLength } from '../../src/serving/shared/id-table.ts'

describe('id table', () => {
  test('finds every id under its index, and no other id', () => {
    const id = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 12 })
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 200 }), id, (ids, other) => {
        const table = buildIdTable(ids)
        expect(ids.map((known) => indexOfId(table, known))).toEqual([...ids.keys()])
        expect(indexOfId(table, other)).toBe(ids.indexOf(other))
      }),
    )
  })

  test('lies in shared memory, so that posting it to a thread copies nothing', () => {
    const { bytes, starts, slots } = buildIdTable(['a', 'ü', '日本'])
    for (const array of [bytes, starts, slots]) expect(array.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  test('takes names of object properties for ids like any other', () => {
    const table = buildIdTable(['constructor', '__proto__'])
    expect(['__proto__', 'constructor', 'toString'].map((id) => indexOfId(table, id))).toEqual([1, 0, -1])
  })

  test('knows no id that is too long or not well-formed', () => {
    const table = buildIdTable(['\ufffd', 'x'.repeat(maxIdLength)])
    expect(indexOfId(table, 'x'.repeat(maxIdLength))).toBe(1)
    expect(indexOfId(table, 'x'.repeat(maxIdLength + 1))).toBe(-1)
    expect(indexOfId(table, '\ud800')).toBe(-1)
    expect(indexOfId(buildIdTable([]), 'a')).toBe(-1)
  })
})
