import { expect, test } from 'vitest'
import { type ArrivalLaw, ArrivalPlan } from '../../src/loadtest/arrivals.ts'
import { randomStream } from '../../src/loadtest/random.ts'

function times(law: ArrivalLaw, rate: number, runTimeMs: number, seed = 1): number[] {
  const plan = new ArrivalPlan({ rate, law, runTimeMs, random: randomStream(seed, 0) })
  const due: number[] = []
  for (let next = plan.take(); next; next = plan.take()) {
    expect(next.index).toBe(due.length)
    due.push(next.dueMs)
  }
  expect(plan.nTaken).toBe(due.length)
  return due
}

test('constant arrivals are evenly spaced, as many as rate times run time, without drift', () => {
  const due = times('constant', 3000, 60_000)
  expect(due).toHaveLength(180_000)
  expect(due[0]).toBe(0)
  expect(due.at(-1)).toBe((1000 * 179_999) / 3000)
  expect(times('constant', 0.5, 3999)).toEqual([0, 2000])
})

test('the gaps of Poisson arrivals are exponential: mean 1 ÷ rate, as large a deviation, any two independent', () => {
  const due = times('poisson', 200, 500_000)
  const gaps = due.map((time, at) => time - (due[at - 1] ?? 0))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  expect(mean).toBeCloseTo(5, 1)
  expect(deviation / mean).toBeCloseTo(1, 1)
  // Of exponential gaps e⁻¹ are longer than the mean.
  expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(Math.exp(-1), 1)
  expect(times('poisson', 50, 2000, 3)).toEqual(times('poisson', 50, 2000, 3))
  expect(times('poisson', 50, 2000, 3)).not.toEqual(times('poisson', 50, 2000, 4))
})

test('stages lead the rate from level to level, and the arrivals follow it to the last one', () => {
  const stages = [
    { durationMs: 10_000, target: 100 },
    { durationMs: 10_000, target: 100 },
    { durationMs: 5_000, target: 0 },
  ]
  const dueTimes = (law: 'constant' | 'poisson') => {
    const plan = new ArrivalPlan({ rate: 20, law, stages, runTimeMs: 25_000, random: randomStream(1, 1) })
    const times: number[] = []
    for (let next = plan.take(); next; next = plan.take()) times.push(next.dueMs)
    return times
  }
  const times = dueTimes('constant')
  // 20 → 100 over 10 s, 10 s at 100, 100 → 0 over 5 s: 600 + 1000 + 250.
  expect(times).toHaveLength(1850)
  const within = (from: number, to: number) => times.filter((time) => time >= from && time < to).length
  expect([within(0, 1000), within(9000, 10_000), within(14_000, 15_000), within(24_000, 25_000)]).toEqual([
    24, 96, 100, 10,
  ])
  expect(times.every((time, i) => i === 0 || time >= times[i - 1]!)).toBe(true)
  expect(Math.abs(dueTimes('poisson').length - 1850)).toBeLessThan(5 * Math.sqrt(1850))
})
