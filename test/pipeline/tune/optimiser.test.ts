import { describe, expect, test } from 'vitest'
import { RandomStream } from '../../../src/kernels/random.ts'
import { importances } from '../../../src/pipeline/tune/importance.ts'
import { densityOf } from '../../../src/pipeline/tune/parzen.ts'
import { isHopeless, type LossCurve } from '../../../src/pipeline/tune/pruning.ts'
import type { Dimension } from '../../../src/pipeline/tune/space.ts'
import { type Observation, type Strategy, suggestPlace } from '../../../src/pipeline/tune/suggest.ts'

const number = (name: string): Dimension => ({
  name,
  kind: 'number',
  low: 0,
  high: 1,
  log: false,
  integer: false,
})
const choice: Dimension = { name: 'choice', kind: 'values', values: ['a', 'b', 'c', 'd'] }

describe('a density', () => {
  test.each([
    ['a number near the edges', number('x'), [0.001, 0.02, 0.97]],
    ['a number that was seen at one place', number('x'), [0.5, 0.5, 0.5]],
    ['a number never seen', number('x'), []],
    ['a choice', choice, [0.1, 0.1, 0.9]],
  ])('of %s integrates to one and draws within [0, 1)', (_, dimension, places) => {
    const density = densityOf(dimension, places)
    let sum = 0
    for (let step = 0; step < 10_000; step++) sum += density.at((step + 0.5) / 10_000) / 10_000
    expect(sum).toBeCloseTo(1, 3)
    const random = new RandomStream(1)
    for (let draw = 0; draw < 1000; draw++) {
      const place = density.draw(random)
      expect(place >= 0 && place < 1).toBe(true)
    }
  })
})

/** The least loss that a strategy finds in 40 trials, suggested four at a time. */
function search(
  strategy: Strategy,
  loss: (place: readonly number[]) => number,
  space: Dimension[],
  seed: number,
) {
  const known: Observation[] = []
  for (let trial = 0; trial < 40; trial++) {
    const place = suggestPlace(strategy, {
      space,
      seed,
      number: trial,
      known: known.slice(0, trial - (trial % 4)),
    })
    known.push({ place, loss: loss(place) })
  }
  return Math.min(...known.map((observation) => observation.loss))
}

describe('the suggestions', () => {
  const space = [number('x'), number('y'), choice]
  const valley = ([x, y, c]: readonly number[]) =>
    (x - 0.3) ** 2 + (y - 0.8) ** 2 + (c >= 0.5 && c < 0.75 ? 0 : 0.3)

  test('of tpe find the bottom of a valley that evenly spread ones miss', () => {
    const losses = (strategy: Strategy) =>
      Array.from({ length: 20 }, (_, seed) => search(strategy, valley, space, seed))
    const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]
    expect(median(losses('tpe'))).toBeLessThan(0.3 * median(losses('random')))
  })

  test('leave no corner empty before anything is known', () => {
    const cells = new Set<string>()
    for (let trial = 0; trial < 40; trial++) {
      const place = suggestPlace('random', {
        space: [number('x'), number('y')],
        seed: 3,
        number: trial,
        known: [],
      })
      cells.add(place.map((at) => Math.floor(at * 4)).join())
    }
    expect(cells.size).toBe(16)
  })

  test('depend on the seed, the number and what is known, and on nothing else', () => {
    const known = Array.from({ length: 15 }, (_, at) => ({ place: [at / 15, 1 - at / 15, 0.5], loss: at }))
    const ask = (seed: number, trial: number) => suggestPlace('tpe', { space, seed, number: trial, known })
    expect(ask(1, 20)).toEqual(ask(1, 20))
    expect(ask(2, 20)).not.toEqual(ask(1, 20))
    expect(ask(1, 21)).not.toEqual(ask(1, 20))
  })

  test('go on when most trials failed', () => {
    const known = Array.from({ length: 12 }, () => ({
      place: [0.5, 0.5, 0.5],
      loss: Number.POSITIVE_INFINITY,
    }))
    const place = suggestPlace('tpe', { space, seed: 1, number: 12, known })
    expect(place.every((at) => at >= 0 && at < 1)).toBe(true)
  })
})

describe('a trial', () => {
  const curve = (...losses: number[]): LossCurve => new Map(losses.map((loss, at) => [at + 1, loss]))
  const others = [1, 2, 3, 4, 5, 6, 7, 8].map((loss) =>
    curve(loss, loss, loss, loss, loss, loss, loss, loss, loss),
  )

  test('that is worse than the median is without hope, after a grace and where enough is known', () => {
    const bad = curve(9, 9, 9)
    expect(isHopeless('tpe', bad, 3, 9, others)).toBe(true)
    expect(isHopeless('tpe', curve(9, 9), 2, 9, others)).toBe(false)
    expect(isHopeless('tpe', bad, 3, 9, others.slice(0, 4))).toBe(false)
    expect(isHopeless('tpe', curve(9, 9, 2), 3, 9, others)).toBe(false)
    expect(isHopeless('tpe', bad, 3, 3, others)).toBe(false)
  })

  test('goes on from a rung of halving only among the best third', () => {
    expect(isHopeless('halving', curve(2.5, 2.5, 2.5), 3, 9, others)).toBe(false)
    expect(isHopeless('halving', curve(3.5, 3.5, 3.5), 3, 9, others)).toBe(true)
    expect(isHopeless('halving', curve(9, 9), 2, 9, others)).toBe(false)
  })

  test('is not pruned by others that did not come so far', () => {
    expect(
      isHopeless(
        'tpe',
        curve(9, 9, 9),
        3,
        9,
        [1, 2, 3, 4, 5, 6].map((loss) => curve(loss)),
      ),
    ).toBe(false)
  })
})

describe('the importances', () => {
  test('name the parameter that decides, and sum to one', () => {
    const random = new RandomStream(5)
    const observations = Array.from({ length: 60 }, () => {
      const place = [random.uniform(), random.uniform()]
      return { place, loss: (place[0] - 0.5) ** 2 + 0.001 * place[1] }
    })
    const found = importances([number('decides'), number('idle')], observations)
    expect(found[0].name).toBe('decides')
    expect(found[0].share).toBeGreaterThan(0.8)
    expect(found.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
  })

  test('are not told from a handful of trials', () => {
    const few = Array.from({ length: 9 }, (_, at) => ({ place: [at / 9], loss: at }))
    expect(importances([number('x')], few)).toEqual([])
  })
})
