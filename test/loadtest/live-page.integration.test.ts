import { request } from 'node:http'
import { chromium } from 'playwright-core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { defaultGoals } from '../../src/loadtest/goals.ts'
import { runLoadTest } from '../../src/loadtest/load-test.ts'
import { LiveServer } from '../../src/loadtest/ui/live-server.ts'
import { chromiumPath } from '../helpers/chromium.ts'
import { startHttpServer } from '../helpers/http-server.ts'
import { healthy } from './recommendation-server.ts'

const population = { userIds: ['1', '2'], categories: ['Drama'], itemIds: ['a'] }

/** The live page of load tests against a healthy server. */
async function livePage() {
  const { url } = await startHttpServer(healthy)
  const settings = {
    url,
    allowedHosts: [],
    timeoutMs: 2000,
    k: 10,
    seed: 1,
    goals: defaultGoals,
    waitMs: [1, 20] as const,
  }
  const server = new LiveServer({
    port: 0,
    url,
    scenario: 'recommendations',
    given: { users: 5, spawnRate: 100, runTime: '60s' },
    run: (asked, follow) =>
      runLoadTest(
        { ...settings, ...asked, ...follow },
        { kind: 'built-in', population, k: 10, ids: 'uniform' },
      ),
  })
  const page = await server.listen()
  onTestFinished(() => server.close())
  return page
}

const path = chromiumPath()

test.skipIf(!path)('a load test is started, changed, watched and stopped in a browser', async () => {
  const url = await livePage()
  const browser = await chromium.launch({ executablePath: path!, args: ['--no-sandbox'] })
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const [problems, hosts]: [string[], Set<string>] = [[], new Set()]
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (asked) => hosts.add(new URL(asked.url()).host))
  await page.goto(url)
  await page.getByText('Ready.').waitFor()
  expect(await page.getByRole('button', { name: 'Stop' }).isDisabled()).toBe(true)

  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByText('Running.').waitFor()
  await page.getByRole('cell', { name: 'filtered' }).waitFor()
  await vi.waitFor(async () => expect(await page.locator('#users-now').textContent()).toBe('5'), {
    timeout: 10_000,
  })
  await vi.waitFor(
    async () => expect(await page.locator('#latency1').getAttribute('points')).toMatch(/,.* /),
    { timeout: 10_000 },
  )

  await page.getByRole('button', { name: 'More users' }).click()
  await vi.waitFor(async () => expect(await page.locator('#users-now').textContent()).toBe('6'), {
    timeout: 10_000,
  })
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText(/^Stopped: \d+ requests, 0 failures/).waitFor()
  const report = await (await fetch(`${url}/report.json`)).json()
  expect(report).toMatchObject({ interrupted: true, all: { failures: 0 } })
  await page.getByRole('link', { name: 'page' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(problems).toEqual([])
  expect([...hosts]).toEqual([new URL(url).host])
})

describe('the live page', () => {
  const status = (url: string, path: string, headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      request(url + path, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end('{}')
    })

  test('does nothing for pages of others, nor under a name of theirs', async () => {
    const url = await livePage()
    const { host } = new URL(url)
    expect(await status(url, '/stop', { host })).toBe(202)
    expect(await status(url, '/stop', { host: 'rebound.example' })).toBe(403)
    expect(await status(url, '/stop', { host, origin: 'https://other.example' })).toBe(403)
    expect(await status(url, '/stop', { host, 'sec-fetch-site': 'cross-site' })).toBe(403)
  })

  test('says what is wrong with what it is asked for, and starts nothing', async () => {
    const url = await livePage()
    const start = async (body: object) => {
      const response = await fetch(`${url}/start`, { method: 'POST', body: JSON.stringify(body) })
      return { status: response.status, body: (await response.json()) as { error: { message: string } } }
    }
    const wrong = await start({ users: 0, spawnRate: 1, runTime: '5s' })
    expect(wrong.status).toBe(400)
    expect(wrong.body.error.message).toBe('users is 0, expected a whole number from 1 to 20000')
    expect((await start({ users: 1, spawnRate: 1, runTime: 'soon' })).status).toBe(400)
    expect((await fetch(`${url}/report.json`)).status).toBe(404)
  })
})
