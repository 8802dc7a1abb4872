import { expect, test } from 'vitest'
import type { Model } from '../../src/models/types.ts'
import { earlyStopping } from '../../src/pipeline/early-stopping.ts'

const model = {} as Model

test('stops when as many epochs as its patience bring nothing better, and keeps the best', () => {
  const stopping = earlyStopping(2, true)
  const verdicts = [0.1, 0.3, 0.2, 0.25, 0.9].map((value, at) => stopping.judge(at + 1, value, model))
  expect(verdicts.slice(0, 4)).toEqual([undefined, undefined, undefined, 'stop'])
  expect(earlyStopping(2, false, { epoch: 3, value: 0.5, model }).judge(5, 0.6, model)).toBe('stop')
})

test('a lower value is better where the metric is an error', () => {
  const stopping = earlyStopping(1, false)
  for (const [at, value] of [1, 0.9, 0.95].entries()) stopping.judge(at + 1, value, model)
  expect(stopping.best).toMatchObject({ epoch: 2, value: 0.9 })
})

test('a value that is no number is never the best after one that is', () => {
  const stopping = earlyStopping(1, true)
  stopping.judge(1, 0.5, model)
  expect(stopping.judge(2, Number.NaN, model)).toBe('stop')
  expect(stopping.best?.epoch).toBe(1)
})
