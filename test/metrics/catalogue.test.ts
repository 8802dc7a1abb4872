import { expect, test } from 'vitest'
import { findMetric, metricCatalogue, parseLengths } from '../../src/metrics/catalogue.ts'
import { parseMetric } from '../../src/pipeline/metric-order.ts'

test('no two metrics share a name, and each has a formula', () => {
  expect(new Set(metricCatalogue.map(({ name }) => name)).size).toBe(metricCatalogue.length)
  for (const { formula } of metricCatalogue) expect(formula.length).toBeGreaterThan(10)
})

test.each([
  ['rmse', { k: 10, lowerIsBetter: true }],
  ['auc', { k: 10, lowerIsBetter: false }],
  ['recall_min@20', { k: 20, lowerIsBetter: false }],
  ['gini@5', { k: 5, lowerIsBetter: true }],
])('%s is a metric', (text, expected) => {
  expect(parseMetric(text)).toMatchObject({ metric: text, ...expected })
})

test.each(['ndcg', 'rmse@10', 'ndcg@0', 'ndcg@-1', 'ndcg@1e3', 'accuracy@10', '', 'toString', 'ndcg@10 '])(
  '%j is none, and the error names those that are',
  (text) => {
    expect(findMetric(text)).toBeUndefined()
    const named = metricCatalogue.map(({ name }) => expect.stringContaining(name))
    for (const message of named)
      expect(() => parseMetric(text)).toThrow(expect.objectContaining({ code: 'RECSYS_USAGE', message }))
  },
)

test('lengths come in ascending order, each once', () => {
  expect(parseLengths('20,5,20')).toEqual([5, 20])
})

test.each(['', '5,', '0', '-3', '2.5', 'ten', '5;10'])('lengths %j are refused with an example', (text) => {
  expect(() => parseLengths(text)).toThrow(
    expect.objectContaining({
      code: 'RECSYS_USAGE',
      field: 'k',
      message: expect.stringContaining('5,10,20'),
    }),
  )
})
