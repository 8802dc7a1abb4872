import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomStream } from '../../../src/kernels/random.ts'
import { bootstrapIntervals } from '../../../src/metrics/paired/bootstrap.ts'
import { comparePaired } from '../../../src/metrics/paired/compare.ts'
import { holm } from '../../../src/metrics/paired/holm.ts'
import { randomisationTest } from '../../../src/metrics/paired/randomisation.ts'
import type { PairedSample } from '../../../src/metrics/paired/types.ts'

function sample(
  champion: readonly number[],
  challenger: readonly number[],
  rest: Partial<PairedSample> = {},
): PairedSample {
  return {
    metric: 'ndcg@10',
    lowerIsBetter: false,
    root: false,
    weights: new Float64Array(champion.length).fill(1),
    champion: Float64Array.from(champion),
    challenger: Float64Array.from(challenger),
    ...rest,
  }
}

/** Normal values of each user, the challenger better by `shift` on average. */
function normalSample(nUsers: number, shift: number, seed: number): PairedSample {
  const random = new RandomStream(seed)
  const champion = Array.from({ length: nUsers }, () => random.normal())
  return sample(
    champion,
    champion.map((value) => value + shift + random.normal()),
  )
}

describe('the bootstrap', () => {
  const options = { confidence: 0.95, seed: 7, nResamples: 4000 }

  test('gives the interval of the normal theory where that holds', () => {
    const one = normalSample(500, 0.2, 1)
    const differences = Array.from(one.challenger, (value, at) => value - one.champion[at])
    const mean = differences.reduce((sum, value) => sum + value, 0) / 500
    const deviation = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 499)
    const [[low, high]] = bootstrapIntervals([one], options)
    const half = (1.96 * deviation) / Math.sqrt(500)
    expect(Math.abs(low - (mean - half))).toBeLessThan(0.1 * half)
    expect(Math.abs(high - (mean + half))).toBeLessThan(0.1 * half)
  })

  test('of an RMSE draws users with all their rows: rows of one user do not narrow the interval', () => {
    const random = new RandomStream(3)
    const errors = Array.from({ length: 200 }, () => [random.uniform(), random.uniform()] as const)
    const rows = (copies: number) =>
      sample(
        errors.map(([old]) => copies * old),
        errors.map(([, young]) => copies * young),
        {
          metric: 'rmse',
          lowerIsBetter: true,
          root: true,
          weights: new Float64Array(200).fill(copies),
        },
      )
    const [[low, high], [lowOf9, highOf9]] = bootstrapIntervals([rows(1), rows(9)], options)
    expect(lowOf9).toBeCloseTo(low, 12)
    expect(highOf9).toBeCloseTo(high, 12)
  })

  test('covers a true difference of zero in about 95 of 100 samples', () => {
    let covered = 0
    for (let seed = 0; seed < 300; seed++) {
      const [[low, high]] = bootstrapIntervals([normalSample(100, 0, seed)], {
        ...options,
        seed,
        nResamples: 400,
      })
      if (low <= 0 && high >= 0) covered++
    }
    expect(covered / 300).toBeGreaterThan(0.91)
    expect(covered / 300).toBeLessThan(0.985)
  })

  test('is wide enough where both models are wrong about items, which an interval over users alone is not', () => {
    const [nUsers, nItems, perUser] = [100, 20, 10]
    const covered = { users: 0, both: 0 }
    for (let seed = 0; seed < 200; seed++) {
      const random = new RandomStream(seed)
      const wrong = [0, 1].map(() => Array.from({ length: nItems }, () => 0.5 * random.normal()))
      const sums = (n: number) => [0, 1, 2].map(() => new Float64Array(n))
      const [byUser, byItem] = [sums(nUsers), sums(nItems)]
      for (let row = 0; row < nUsers * perUser; row++) {
        const [user, item] = [Math.floor(row / perUser), Math.floor(random.uniform() * nItems)]
        const noise = random.normal()
        const values = [1, ...wrong.map((errors) => (noise + errors[item]) ** 2)]
        values.forEach((value, at) => {
          byUser[at][user] += value
          byItem[at][item] += value
        })
      }
      const paired = ([weights, champion, challenger]: Float64Array[]) => ({ weights, champion, challenger })
      const one = { metric: 'rmse', lowerIsBetter: true, root: true, ...paired(byUser) }
      const both = { ...one, byItem: paired(byItem) }
      const [usersAlone, twoWay] = bootstrapIntervals([one, both], {
        confidence: 0.95,
        seed,
        nResamples: 300,
      })
      if (usersAlone[0] <= 0 && usersAlone[1] >= 0) covered.users++
      if (twoWay[0] <= 0 && twoWay[1] >= 0) covered.both++
    }
    expect(covered.both / 200).toBeGreaterThan(0.9)
    expect(covered.users / 200).toBeLessThan(0.85)
  })

  test('of nobody is nothing', () => {
    expect(bootstrapIntervals([sample([], [])], options)).toEqual([[Number.NaN, Number.NaN]])
  })
})

describe('the randomisation test', () => {
  test('comes near the p of all 2^n swaps', () => {
    const differences = [0.9, -0.2, 0.4, 0.3, -0.1, 0.5, 0.2, 0.1]
    const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0))
    let asGreat = 0
    for (let swaps = 0; swaps < 256; swaps++) {
      const sum = differences.reduce((total, value, at) => total + ((swaps >> at) & 1 ? value : -value), 0)
      if (Math.abs(sum) >= observed - 1e-12) asGreat++
    }
    const zeros = differences.map(() => 0)
    const p = randomisationTest(sample(zeros, differences), { seed: 1, nSwaps: 20_000 })
    expect(Math.abs(p - asGreat / 256)).toBeLessThan(0.01)
  })

  test('finds nothing between a model and itself, and never a p of zero', () => {
    const same = sample([1, 2, 3], [1, 2, 3])
    expect(randomisationTest(same, { seed: 1, nSwaps: 100 })).toBe(1)
    const far = normalSample(300, 5, 1)
    expect(randomisationTest(far, { seed: 1, nSwaps: 100 })).toBeCloseTo(1 / 101, 12)
  })

  test('rejects in about 5 of 100 cases where there is nothing to find', () => {
    let rejected = 0
    for (let seed = 0; seed < 400; seed++) {
      if (randomisationTest(normalSample(60, 0, seed), { seed, nSwaps: 500 }) < 0.05) rejected++
    }
    expect(rejected / 400).toBeLessThan(0.085)
    expect(rejected / 400).toBeGreaterThan(0.02)
  })
})

describe("Holm's adjustment", () => {
  test('is the one of the textbook', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual(
      [0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)),
    )
    expect(holm([Number.NaN, 0.02])).toEqual([Number.NaN, 0.02])
  })

  test('keeps the order, never lowers a p and never leaves [0, 1]', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (pValues) => {
        const adjusted = holm(pValues)
        adjusted.forEach((p, at) => {
          expect(p).toBeGreaterThanOrEqual(pValues[at])
          expect(p).toBeLessThanOrEqual(1)
          adjusted.forEach((other, place) => {
            if (pValues[at] < pValues[place]) expect(p).toBeLessThanOrEqual(other)
          })
        })
      }),
    )
  })
})

describe('the comparison', () => {
  const options = { confidence: 0.95, seed: 42 }

  test('tells better, worse and not distinguishable apart', () => {
    const better = normalSample(400, 0.4, 1)
    const worse = { ...better, champion: better.challenger, challenger: better.champion }
    const unclear = normalSample(400, 0, 4)
    const verdicts = comparePaired([better, worse, unclear], options).map(({ verdict }) => verdict)
    expect(verdicts).toEqual(['better', 'worse', 'not distinguishable'])
  })

  test('turns the sign for an error, counts wins, ties and losses, and gives the gain in both units', () => {
    const squared = sample([4, 1, 9, 2], [1, 1, 16, 0], {
      metric: 'rmse',
      lowerIsBetter: true,
      root: true,
      weights: Float64Array.of(1, 1, 1, 1),
    })
    const [result] = comparePaired([squared], options)
    expect(result.champion).toBe(2)
    expect(result.challenger).toBeCloseTo(Math.sqrt(4.5), 12)
    expect(result.gain).toBeCloseTo(2 - Math.sqrt(4.5), 12)
    expect(result.relativeGain).toBeCloseTo(1 - Math.sqrt(4.5) / 2, 12)
    expect(result.users).toEqual({ wins: 2, ties: 1, losses: 1 })
  })

  test('more metrics ask for more: what one look would find, ten looks do not', () => {
    const borderline = normalSample(400, 0.08, 8)
    const others = Array.from({ length: 9 }, (_, at) => normalSample(400, 0, 100 + at))
    const [alone] = comparePaired([borderline], options)
    const [among] = comparePaired([borderline, ...others], options)
    expect(alone.verdict).toBe('better')
    expect(among).toMatchObject({ p: alone.p, interval: alone.interval, verdict: 'not distinguishable' })
  })

  test('gives the same figures for the same seed, others for another', () => {
    const one = normalSample(200, 0.1, 5)
    const [first, again] = [comparePaired([one], options), comparePaired([one], options)]
    expect(again).toEqual(first)
    expect(comparePaired([one], { ...options, seed: 1 })[0].interval).not.toEqual(first[0].interval)
  })
})
