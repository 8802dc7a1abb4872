import { expect, test } from 'vitest'
import { startDashboard } from '../../src/dashboard/start-dashboard.ts'
import type { LiveReport } from '../../src/serving/live-report.ts'
import type { Supervisor } from '../../src/serving/supervisor/supervisor.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { startServer } from './fixture-server.ts'
import { modelChanges, quietRelease } from './quiet-release.ts'
import { publish, register } from './registered.ts'

async function serverAt(dataDir: string): Promise<Supervisor> {
  const data = { dataDir, modelName: 'recommender', env: {}, directory: dataDir }
  return startServer(dataDir, {
    release: { ...quietRelease, changes: modelChanges(dataDir) },
    dashboard: () => startDashboard(data),
  })
}

async function live(server: Supervisor): Promise<LiveReport> {
  const response = await fetch(`${server.url}/api/v1/overview`)
  return ((await response.json()) as { server: LiveReport }).server
}

async function sums(server: Supervisor): Promise<{ answers: number; errors: number }> {
  const { seconds } = await live(server)
  return seconds.reduce(
    (sum, { answers, errors }) => ({ answers: sum.answers + answers, errors: sum.errors + errors }),
    { answers: 0, errors: 0 },
  )
}

async function ask(server: Supervisor, n: number, pathOf: (i: number) => string): Promise<void> {
  for (let i = 0; i < n; i++) await (await fetch(server.url + pathOf(i))).text()
}

test('requests that no model answers are errors of the overview, and its own are no requests', async () => {
  const server = await serverAt(temporaryDirectory())
  await ask(server, 20, (i) => `/recommendations/u${i}`)
  await expect.poll(() => sums(server), { timeout: 10_000 }).toEqual({ answers: 20, errors: 20 })
})

test('a version in the shadow answers nobody and does not count twice', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  await register(dataDir)
  const server = await serverAt(dataDir)
  const response = await fetch(`${server.url}/admin/trial`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version: 2, mode: 'shadow', share: 1, reason: 'a try' }),
  })
  expect(response.status).toBe(200)
  await ask(server, 20, (i) => `/recommendations/stranger-${i}?k=2`)
  const shadowed = async () =>
    (await live(server)).versions.find(({ version }) => version === 2)?.answers ?? 0
  await expect.poll(shadowed, { timeout: 10_000 }).toBeGreaterThan(0)
  await expect.poll(() => sums(server), { timeout: 10_000 }).toEqual({ answers: 20, errors: 0 })
})

test('answers from the cache are told from those that were computed', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  const server = await serverAt(dataDir)
  await ask(server, 30, () => '/recommendations/u1?k=2')
  const { cache } = await live(server)
  expect(cache.hits + cache.misses).toBe(30)
  // The first of each thread is computed.
  expect(cache.misses).toBeLessThanOrEqual(2)
})
