import { expect, test } from 'vitest'
import { headlineMetrics, pairs, printable, showTime } from '../../src/cli/registry-text.ts'
import { sparkline } from '../../src/cli/sparkline.ts'
import { showDuration } from '../../src/duration.ts'

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1.0 s'],
  [59_900, '59.9 s'],
  [59_999, '1 min 00 s'],
  [60_000, '1 min 00 s'],
  [245_000, '4 min 05 s'],
  [3_600_000, '1 h 00 min'],
  [12_000_000, '3 h 20 min'],
  [1_047_600_000, '12 d 3 h'],
])('%d ms is shown as %s', (ms, text) => {
  expect(showDuration(ms)).toBe(text)
})

test('times are shown to the second, and what has not ended as a dash', () => {
  expect(showTime('2026-03-01T09:15:02.123Z')).toBe('2026-03-01 09:15:02')
  expect(showTime(null)).toBe('-')
})

test('words from outside lose what could drive a terminal, and their end when they are long', () => {
  expect(printable('a\u001b[31mb\u202ec\nd')).toBe('a [31mb c d')
  expect(printable('x'.repeat(500))).toHaveLength(121)
})

test('figures are shown with what is needed to see who won', () => {
  expect(pairs({ metric: 'rmse', gain: -0.040000001, rows: 20000 })).toBe('metric=rmse gain=-0.04 rows=20000')
  expect(pairs({})).toBe('-')
})

test('the metrics of a line are those that matter, whatever their k', () => {
  const rows = [{ metrics: { 'ndcg@5': 1, rmse: 1, 'map@5': 1 } }, { metrics: { 'ndcg@10': 1, mae: 1 } }]
  expect(headlineMetrics(rows)).toEqual(['rmse', 'mae', 'ndcg@5', 'ndcg@10'])
  expect(headlineMetrics([])).toEqual([])
})

test('a sparkline goes from the least to the greatest value and is never longer than 40 bars', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([3, 3])).toBe('▁▁')
  expect(sparkline([1, Number.NaN, 2])).toBe('▁ █')
  expect(sparkline([])).toBe('')
  expect(sparkline(Array.from({ length: 1000 }, (_, at) => at))).toHaveLength(40)
})
