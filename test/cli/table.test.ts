import { expect, test } from 'vitest'
import { formatCell, renderTable } from '../../src/cli/table.ts'

test('a cell shows integers with separators, other numbers to four decimals and a dash for nothing', () => {
  expect([1234567, 0.91304, null, undefined, '', Number.NaN, 'svd'].map(formatCell)).toEqual([
    '1,234,567',
    '0.9130',
    '-',
    '-',
    '-',
    '-',
    'svd',
  ])
})

test('a table aligns numbers to the right and text to the left', () => {
  const lines = renderTable(
    ['model', 'rmse'],
    [
      ['svd', 0.9],
      ['popularity', 1],
    ],
  ).split('\n')
  expect(lines.find((line) => line.includes('svd'))).toBe('│ svd        │ 0.9000 │')
  expect(lines.find((line) => line.includes('popularity'))).toBe('│ popularity │      1 │')
})
