import { expect, test } from 'vitest'
import { judgeCondition, parseCondition } from '../../../src/flow/schedule/condition.ts'
import { stabilityIndex } from '../../../src/pipeline/drift.ts'

const measured = {
  interactions: { trained: 1000, now: 1040 },
  events: 120,
  psi: { popularity: 0.21, ratings: null },
}

test.each([
  ['interactions grew by 4%', true],
  ['interactions grew by 5%', false],
  ['interactions grew by 40', true],
  ['interactions  GREW by 41', false],
  ['events grew by 100', true],
  ['popularity drifted by 0.2', true],
  ['popularity drifted by 0.25', false],
  ['ratings drifted by 0.01', false],
])('%s: %s', (text, expected) => {
  expect(judgeCondition(parseCondition(text), measured).holds).toBe(expected)
})

test('without any model there is nothing to keep: every condition holds', () => {
  const nothing = { interactions: null, events: 0, psi: { popularity: null, ratings: null } }
  expect(judgeCondition(parseCondition('popularity drifted by 9'), nothing).holds).toBe(true)
})

test.each([
  '',
  'interactions shrank by 5%',
  'events grew by 5%',
  'popularity drifted by 5%',
  'interactions grew by -1',
])('a condition that is none is refused: %j', (text) => {
  expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: 'RECSYS_USAGE' }))
})

test('the stability index of equal shares is nothing, of shares by hand Σ (now − then) ln(now / then)', () => {
  expect(stabilityIndex({ trained: [5000, 5000], fresh: [500, 500] })).toBeCloseTo(0, 6)
  const byHand = (0.8 - 0.5) * Math.log(0.8 / 0.5) + (0.2 - 0.5) * Math.log(0.2 / 0.5)
  expect(stabilityIndex({ trained: [50_000, 50_000], fresh: [80_000, 20_000] })).toBeCloseTo(byHand, 3)
  expect(stabilityIndex({ trained: [5000, 5000], fresh: [0, 500] })).toBeGreaterThan(1)
  expect(stabilityIndex({ trained: [5000, 5000], fresh: [50, 49] })).toBeNull()
})
