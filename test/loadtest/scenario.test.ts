import { expect, test } from 'vitest'
import { randomStream } from '../../src/loadtest/random.ts'
import { recommendationScenario } from '../../src/loadtest/scenario/recommendations.ts'
import type { Population, TaskRequest } from '../../src/loadtest/types.ts'
import { drawTask } from '../../src/loadtest/virtual-user.ts'

const population: Population = {
  userIds: ['u1', 'a/b?c', 'ü#'],
  categories: ['Sci-Fi & more'],
  itemIds: ['i 1', 'i2'],
}

function requests(
  count: number,
  seed = 1,
  from = population,
  ids: 'uniform' | 'zipf' = 'uniform',
): TaskRequest[] {
  const scenario = recommendationScenario({ kind: 'built-in', population: from, k: 10, ids })
  const state = { index: 0, random: randomStream(seed, 0), values: {} }
  return Array.from(
    { length: count },
    () => drawTask(scenario, state).steps[0]!.render(state).memo as TaskRequest,
  )
}

test('recommendations, filtered ones and health come three to one to one', () => {
  const drawn = requests(10_000).map(({ task }) => task)
  const share = (name: string) => drawn.filter((task) => task === name).length / drawn.length
  expect(share('recommendations')).toBeCloseTo(0.6, 1)
  expect(share('filtered')).toBeCloseTo(0.2, 1)
  expect(share('health')).toBeCloseTo(0.2, 1)
})

test('every path is percent-encoded, asks for k items, and all users are drawn', () => {
  const paths = requests(500).filter(({ task }) => task !== 'health')
  const users = new Set<string>()
  for (const { path } of paths) {
    const url = new URL(path, 'http://server')
    expect(url.searchParams.get('k')).toBe('10')
    users.add(decodeURIComponent(url.pathname.replace('/recommendations/', '')))
  }
  expect([...users].sort()).toEqual([...population.userIds].sort())
})

test('a filtered request has a filter always, and every filter occurs', () => {
  const filtered = requests(2000).filter(({ task }) => task === 'filtered')
  const queries = filtered.map(({ path }) => new URL(path, 'http://server').searchParams)
  for (const query of queries) expect([...query.keys()].length).toBeGreaterThan(1)
  expect(queries.some((query) => query.get('category') === 'Sci-Fi & more')).toBe(true)
  expect(queries.some((query) => query.get('excludeSeen') === 'false')).toBe(true)
  expect(queries.some((query) => query.get('excludeSeen') === 'true')).toBe(true)
  for (const [index, query] of queries.entries()) {
    expect(filtered[index]?.excluded).toEqual(query.getAll('exclude'))
  }
})

test('without categories and items the filter is excludeSeen', () => {
  const filtered = requests(200, 1, { userIds: ['1'], categories: [], itemIds: [] }).filter(
    ({ task }) => task === 'filtered',
  )
  for (const { path } of filtered) expect(path).toBe('/recommendations/1?k=10&excludeSeen=false')
})

test('the seed decides what is asked, and users of one test ask different things', () => {
  expect(requests(50, 7)).toEqual(requests(50, 7))
  expect(requests(50, 7)).not.toEqual(requests(50, 8))
  const [first, second] = [randomStream(7, 0), randomStream(7, 1)]
  expect(Array.from({ length: 5 }, first)).not.toEqual(Array.from({ length: 5 }, second))
})

test('random numbers are uniform over [0, 1) across streams', () => {
  const draws = Array.from({ length: 20_000 }, (_, stream) => randomStream(3, stream)())
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...draws)).toBeLessThan(1)
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => draws.filter((x) => Math.floor(x * 10) === tenth).length,
  )
  for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200)
})

test('by Zipf’s law the first user is asked for twice as often as the second, and four times as often as the fourth', () => {
  const userIds = Array.from({ length: 50 }, (_, user) => `u${user}`)
  const drawn = requests(20_000, 3, { ...population, userIds }, 'zipf').filter(
    ({ task }) => task !== 'health',
  )
  const count = (user: string) =>
    drawn.filter(({ path }) => path.startsWith(`/recommendations/${user}?`)).length
  expect(count('u0') / count('u1')).toBeCloseTo(2, 0)
  expect(count('u0') / count('u3')).toBeCloseTo(4, 0)
})
