import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/pipeline/decide.ts'
import { gainOver, parseGain, parseMetric } from '../../src/pipeline/metric-order.ts'

const rmse = parseMetric('rmse')
const ndcg = parseMetric('ndcg@10')
const none = parseGain('0')

describe('the decision', () => {
  test('a lower RMSE and a higher NDCG win', () => {
    const base = { minGain: none, popularity: 0 }
    expect(decide({ ...base, metric: rmse, challenger: 0.9, champion: 0.91 }).better).toBe(true)
    expect(decide({ ...base, metric: rmse, challenger: 0.92, champion: 0.91 }).better).toBe(false)
    expect(decide({ ...base, metric: ndcg, challenger: 0.2, champion: 0.1 }).better).toBe(true)
    expect(decide({ ...base, metric: ndcg, challenger: 0.1, champion: 0.2 }).better).toBe(false)
  })

  test('equal is not better, and neither is a figure that is missing', () => {
    expect(
      decide({ metric: rmse, minGain: none, challenger: 0.9, champion: 0.9, popularity: 2 }),
    ).toMatchObject({
      better: false,
      reason: 'rmse equal to the champion',
    })
    const missing = decide({
      metric: rmse,
      minGain: none,
      challenger: Number.NaN,
      champion: 0.9,
      popularity: 2,
    })
    expect(missing.better).toBe(false)
  })

  test('a gain below the minimum is refused with both numbers, exactly the minimum is enough', () => {
    const ask = (text: string) =>
      decide({ metric: ndcg, minGain: parseGain(text), challenger: 0.5, champion: 0.25, popularity: 0 })
    expect(ask('0.25').better).toBe(true)
    expect(ask('0.3')).toMatchObject({
      better: false,
      reason: 'ndcg@10 0.25000 better than the champion, 0.30000 needed',
    })
    expect(ask('100%').better).toBe(true)
    expect(ask('101%').better).toBe(false)
  })

  test('without a champion popularity has to be beaten, by however little', () => {
    const ask = (challenger: number) =>
      decide({ metric: rmse, minGain: parseGain('0.5'), challenger, champion: undefined, popularity: 1 })
    expect(ask(0.999)).toMatchObject({ better: true, against: 'popularity' })
    expect(ask(1)).toMatchObject({ better: false, reason: 'rmse equal to popularity' })
  })

  test('of two versions at most one is better than the other', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.constantFrom(rmse, ndcg), (a, b, metric) => {
        const wins = (challenger: number, champion: number) =>
          decide({ metric, minGain: none, challenger, champion, popularity: 0 }).better
        expect(wins(a, b) && wins(b, a)).toBe(false)
        if (Number.isFinite(a) && Number.isFinite(b) && gainOver(a, b, metric) > 0)
          expect(wins(b, a)).toBe(true)
      }),
    )
  })
})

test.each(['', 'RMSE', 'ndcg', 'ndcg@0', 'ndcg@-1', 'ndcg@1.5', 'rmse@10', '__proto__', 'auc@10'])(
  '%j is no metric',
  (text) => {
    expect(() => parseMetric(text)).toThrow('--metric is')
  },
)

test.each(['', '-1', 'NaN', 'x', '%', '-5%', 'Infinity'])('%j is no minimum gain', (text) => {
  expect(() => parseGain(text)).toThrow('--min-gain is')
})
