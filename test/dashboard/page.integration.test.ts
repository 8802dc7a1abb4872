import { once } from 'node:events'
import axe from 'axe-core'
import { type Browser, chromium as browserType, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath } from '../helpers/chromium.ts'
import { spawnRecsys } from '../helpers/run-recsys.ts'
import { askRegistry } from '../helpers/sample-lake.ts'
import { type RunningServer, startServer } from '../helpers/server.ts'
import { type DashboardPlace, dashboardPlace } from './dashboard-place.ts'

const executablePath = chromiumPath()

let place: DashboardPlace
let server: RunningServer
let browser: Browser
const cleanUps: (() => void)[] = []

describe.skipIf(!executablePath)('the dashboard in a browser', () => {
  beforeAll(async () => {
    const whenOver = (cleanUp: () => void) => void cleanUps.push(cleanUp)
    place = await dashboardPlace(whenOver)
    server = await startServer(place.dataDir, whenOver)
    browser = await browserType.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  })

  afterAll(async () => {
    await browser?.close()
    for (const cleanUp of cleanUps) cleanUp()
  })

  /** A page of its own, with what went wrong on it. */
  async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`)
    })
    page.on('pageerror', (error) => problems.push(`thrown: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(`${server.url}/`)) problems.push(`asked elsewhere: ${request.url()}`)
    })
    await page.goto(`${server.url}/#/${path}`)
    return { page, problems, close: () => context.close() }
  }

  async function isThere(page: Page, text: string | RegExp): Promise<void> {
    await page.getByText(text).first().waitFor({ timeout: 15_000 })
  }

  const pages = () =>
    [
      ['overview', 'Last decisions'],
      ['models', 'Audit trail'],
      ['model/recommender/2', 'Where it comes from'],
      ['compare/recommender/2/3', 'verdict'],
      ['runs', '1 to 4 of 4'],
      [`run/${runOf('svd')}`, 'manifest.json'],
      [`study/${studyOf()}`, '5 trials'],
      ['flows', 'nightly'],
      [`flow/${place.failedFlow}`, 'ended with exit code 1'],
      ['data', 'Rows that were set aside'],
      ['try', 'For u'],
      ['load-tests', 'Percentiles over time'],
    ] as const

  function runOf(algorithm: string): string {
    return askRegistry(
      place.dataDir,
      (registry) => registry.versions().find((each) => each.algorithm === algorithm)!.runId,
    )
  }

  function studyOf(): string {
    return askRegistry(place.dataDir, (registry) => registry.studies()[0]!.runId)
  }

  test('every page shows what it is about, without an error and without a request to another host', async () => {
    for (const [path, text] of pages()) {
      const { page, problems, close } = await open(path)
      await isThere(page, text)
      expect({ path, problems, trouble: await page.locator('[role=alert]').allTextContents() }).toEqual({
        path,
        problems: [],
        trouble: [],
      })
      expect(await page.title()).toMatch(/ · recsys$/)
      await close()
    }
  })

  test.each(['light', 'dark'] as const)(
    'no page has a serious finding of axe-core, %s',
    async (colorScheme) => {
      for (const [path, text] of pages()) {
        const { page, close } = await open(path, { bypassCSP: true, colorScheme })
        await isThere(page, text)
        await page.evaluate(axe.source)
        const { violations } = (await page.evaluate('axe.run()')) as {
          violations: { id: string; impact: string; nodes: { html: string }[] }[]
        }
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect({ path, serious: serious.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`) }).toEqual({
          path,
          serious: [],
        })
        await close()
      }
    },
  )

  test('no page is wider than a phone', async () => {
    for (const [path, text] of pages()) {
      const { page, close } = await open(path, { viewport: { width: 360, height: 740 } })
      await isThere(page, text)
      expect({ path, width: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({
        path,
        width: 360,
      })
      await close()
    }
  })

  test('texts of tasks are shown and never become part of the page', async () => {
    const flow = askRegistry(place.dataDir, (registry) => registry.flowRuns({ flow: 'test' })[0]!.flowRunId)
    const { page, close } = await open(`flow/${flow}`)
    await isThere(page, '<b>trained</b>')
    expect(await page.locator('.log b').count()).toBe(0)
    await close()
  })

  test('a link with a lone % shows its page', async () => {
    const { page, problems, close } = await open('try/50%')
    await isThere(page, 'Try it')
    await isThere(page, /For 50% by v1/)
    expect(problems).toEqual([])
    await close()
  })

  test('the first load is small', async () => {
    const { page, close } = await open('overview')
    await isThere(page, 'Last decisions')
    const sizes = (await page.evaluate(
      "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).map((entry) => entry.encodedBodySize)",
    )) as number[]
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000)
    await close()
  })

  test('every page is reached by the keyboard, and the content after a skip link', async () => {
    const { page, close } = await open('overview')
    await isThere(page, 'Last decisions')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toContain('To the content')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await isThere(page, 'Compare two versions')
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN')
    await close()
  })

  test('a version is promoted and rolled back from its page, and the server answers by it', async () => {
    const { page, problems, close } = await open('model/recommender/2')
    page.on('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Promote to production' }).click()
    await isThere(page, /v2 is in production now/)
    await isThere(page, 'Roll back to the version before')
    await expect.poll(async () => versionInService(), { timeout: 15_000 }).toBe(2)
    await page.getByRole('button', { name: 'Roll back to the version before' }).click()
    await isThere(page, 'Promote to production')
    await expect.poll(async () => versionInService(), { timeout: 15_000 }).toBe(1)
    expect(problems).toEqual([])
    await close()
  })

  async function versionInService(): Promise<number> {
    const health = (await (await fetch(`${server.url}/health`)).json()) as { model: { version: number } }
    return health.model.version
  }

  test('a flow is run again from a task by its page', async () => {
    const { page, problems, close } = await open(`flow/${place.failedFlow}`)
    await page.getByLabel('From task').selectOption('check')
    await page.getByRole('button', { name: 'Run again from check' }).click()
    await isThere(page, 'A new run has begun')
    const again = () =>
      askRegistry(place.dataDir, (registry) => {
        const run = registry.flowRuns().find(({ parentFlowRunId }) => parentFlowRunId === place.failedFlow)
        return run ? registry.flowRun(run.flowRunId).tasks.map(({ task, state }) => `${task} ${state}`) : []
      })
    await expect.poll(again, { timeout: 15_000 }).toEqual(['load cached', 'check failed'])
    expect(problems).toEqual([])
    await close()
  })

  test('runs are ordered by a click on the head of a column, and filtered', async () => {
    const { page, problems, close } = await open('runs')
    await isThere(page, '1 to 4 of 4')
    const first = page.locator('tbody tr').first().locator('td')
    await page.getByRole('button', { name: 'rmse' }).click()
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'rmse' }).getAttribute('aria-sort'))
      .toBe('ascending')
    await expect.poll(() => first.nth(2).textContent()).toBe('svd')
    await page.getByRole('button', { name: 'rmse' }).click()
    await expect.poll(() => first.nth(2).textContent()).toBe('popular')
    await page.getByLabel('Algorithm').selectOption('nmf')
    await isThere(page, '1 to 1 of 1')
    expect(problems).toEqual([])
    await close()
  })

  test('a user is tried out on two versions side by side, with what is similar', async () => {
    const { page, problems, close } = await open('try/u1')
    await isThere(page, 'For u1 by v1, popular')
    await page.getByLabel('beside').selectOption('2')
    await isThere(page, 'For u1 by v2, svd')
    await page
      .getByRole('button', { name: /^items similar to/ })
      .last()
      .click()
    await isThere(page, /^Nearest to /)
    expect(problems).toEqual([])
    await close()
  })

  test('a token is asked for in words where one is needed, and used from then on', async () => {
    const closed = spawnRecsys(['dashboard', '--port', '0', '--json', '--data-dir', place.dataDir], {
      RECSYS_ADMIN_TOKEN: 'secret',
    })
    const url = await new Promise<string>((resolve) => {
      closed.stdout!.setEncoding('utf8').on('data', (text: string) => {
        const found = /http:\/\/[\w.:]+/.exec(text)
        if (found) resolve(found[0])
      })
    })
    const { page, close } = await open('overview')
    page.on('dialog', (dialog) => void dialog.accept())
    await page.goto(`${url}/#/model/recommender/2`)
    await page.getByRole('button', { name: 'Promote to staging' }).click()
    await isThere(page, /the admin routes need a token/)
    await page.getByLabel('Admin token').fill('secret')
    await page.getByRole('button', { name: 'Use it in this tab' }).click()
    await page.getByRole('button', { name: 'Promote to staging' }).click()
    await isThere(page, /v2 (is in|stays out of) staging/)
    await close()
    closed.kill('SIGTERM')
    await once(closed, 'exit')
  })

  test('a retraining is seen as it goes, without a reload of the page', async () => {
    const { page, problems, close } = await open('flows')
    await isThere(page, 'nightly')
    const flags = ['--algos', 'svd,nmf', '--set', 'svd.factors=4', '--set', 'nmf.epochs=1000', '--quiet']
    const child = spawnRecsys(['retrain', '--data-dir', place.dataDir, ...flags])
    const over = once(child, 'exit')
    const row = page.getByRole('row').filter({ hasText: 'retrain' }).filter({ hasText: 'running' })
    await row.waitFor({ timeout: 15_000 })
    await row.getByRole('link').click()
    const stateOf = (task: string) => page.getByRole('row').filter({ hasText: task }).locator('.badge')
    await expect.poll(() => stateOf('train-nmf').textContent(), { timeout: 15_000 }).toBe('running')
    await isThere(page, /train-nmf {2}epoch \d+/)
    await over
    await expect.poll(() => stateOf('train-nmf').textContent(), { timeout: 15_000 }).toBe('succeeded')
    await expect.poll(() => page.locator('.lead .badge').textContent(), { timeout: 15_000 }).toBe('succeeded')
    expect(problems).toEqual([])
    await close()
  })

  test('load is seen as it comes', async () => {
    const { page, problems, close } = await open('overview')
    await isThere(page, 'answers a second')
    const answers = page.locator('dl div').filter({ hasText: 'answers a second' }).locator('dd')
    expect(Number(await answers.textContent())).toBe(0)
    const load = spawnRecsys([
      ...[
        'loadtest',
        '--url',
        server.url,
        '--users',
        '10',
        '--spawn-rate',
        '10',
        '--run-time',
        '8s',
        '--quiet',
      ],
      ...['--data-dir', place.dataDir],
    ])
    const over = once(load, 'exit')
    await expect.poll(async () => Number(await answers.textContent()), { timeout: 15_000 }).toBeGreaterThan(5)
    expect(await page.locator('figcaption').first().textContent()).toMatch(/Last: answers \d+/)
    await over
    expect(problems).toEqual([])
    await close()
  })
})
