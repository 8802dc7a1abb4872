import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import Evaluate from '../../commands/evaluate.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { train } from '../../src/pipeline/train.ts'
import { chromiumPath } from '../helpers/chromium.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'

const cleanUps: (() => void)[] = []
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp()
})

const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
const browserFlags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]
const executablePath = chromiumPath() ?? ''

let directory: string

/** Two versions of a lake whose items have titles that a page must not run; a page of each kind. */
beforeAll(async () => {
  directory = temporaryDirectory((cleanUp) => cleanUps.push(cleanUp))
  const dataDir = join(directory, 'data')
  const ratings = ['user,item,rating']
  for (let user = 0; user < 60; user++) {
    for (let item = 0; item < 40; item++) {
      if ((user * 7 + item * 13) % 3 !== 0) ratings.push(`u${user},i${item},${1 + ((user + item) % 5)}`)
    }
  }
  const items = [
    'item_id,title,categories',
    ...Array.from({ length: 40 }, (_, item) => `i${item},"${evil.replaceAll('"', '""')} ${item}",Drama`),
  ]
  writeFileSync(join(directory, 'ratings.csv'), ratings.join('\n'))
  writeFileSync(join(directory, 'items.csv'), items.join('\n'))
  await initTables({
    ...{ dataDir, mode: 'create', maxRejects: 0 },
    from: join(directory, 'ratings.csv'),
    items: join(directory, 'items.csv'),
  })
  const common = {
    dataDir,
    split: 'hash:0.2',
    name: 'films',
    k: 5,
    tags: {},
    seed: 1,
    algorithm: 'svd',
  } as const
  await train({ ...common, params: { solver: 'als', factors: 1, epochs: 2 } })
  await train({ ...common, params: { solver: 'als', factors: 4, epochs: 6 } })
})

async function writePage(name: string, ...flags: string[]): Promise<string> {
  const path = join(directory, name)
  const common = ['--data-dir', join(directory, 'data'), '--name', 'films', '-k', '5', '--quiet']
  const { exitCode, stderr } = await runCommand(Evaluate, [...common, '--report', path, ...flags])
  expect(exitCode, stderr).toBe(0)
  return path
}

test('the page needs nothing from outside and holds what came from outside as text', async () => {
  const page = readFileSync(await writePage('plain.html'), 'utf8')
  expect(page).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'\"")
  expect(page).not.toMatch(/<script|<img|<link|https?:|url\(/i)
  expect(page).toContain('&lt;img src=x onerror=&quot;document.title=1&quot;&gt;')
})

test('the figures of the page are those of the command', async () => {
  const path = join(directory, 'figures.html')
  const common = ['--data-dir', join(directory, 'data'), '--name', 'films', '-k', '5', '--quiet', '--json']
  const { stdout } = await runCommand(Evaluate, [...common, '--report', path])
  const { metrics } = JSON.parse(stdout)
  expect(
    Object.keys(metrics)
      .filter((name) => name.includes('@'))
      .every((name) => name.endsWith('@5')),
  ).toBe(true)
  const page = readFileSync(path, 'utf8')
  for (const name of ['rmse', 'ndcg@5']) expect(page).toContain(metrics[name].toFixed(4))
})

test.each([
  ['report.pdf', 2, 'RECSYS_USAGE'],
  ['missing/report.html', 6, 'RECSYS_REPORT_UNWRITABLE'],
])('%s is refused before anything is scored', async (name, exitCode, code) => {
  const flags = ['--data-dir', join(directory, 'data'), '--name', 'films', '--report', join(directory, name)]
  const outcome = await runCommand(Evaluate, flags)
  expect(outcome).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(code) })
  expect(existsSync(join(directory, name))).toBe(false)
})

describe.skipIf(executablePath === '')('in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: browserFlags })
  })
  afterAll(() => browser?.close())

  test.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'the page is whole in %s at a width of %i: no script, no request, no sideways scrolling',
    async (colorScheme, width) => {
      const path = await writePage(`${colorScheme}-${width}.html`, '--compare', 'v1')
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
      const requests: string[] = []
      const problems: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      page.on('console', (message) => problems.push(message.text()))
      page.on('pageerror', (error) => problems.push(error.message))
      await page.goto(`file://${path}`)
      expect(await page.title()).toBe('Evaluation of films v2')
      expect({ requests, problems }).toEqual({ requests: [`file://${path}`], problems: [] })
      const titles = await page.locator('h2').allTextContents()
      expect(titles).toEqual([
        ...['Metrics', 'Gains, user by user', 'Over the length of the list', 'Segments'],
        ...['Learning curve', 'What some users would get'],
      ])
      expect(await page.locator('.interval .point').count()).toBeGreaterThan(8)
      expect(await page.locator('svg path.line').count()).toBeGreaterThan(20)
      expect(await page.locator('.example').count()).toBe(4)
      expect(await page.locator('.example li').first().textContent()).toContain(
        '<script>document.title=2</script>',
      )
      expect(await page.locator('.verdict').textContent()).toMatch(/v1 in rmse: [+−]\d/)
      const sizes = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
      expect((sizes as number[])[0]).toBeLessThanOrEqual((sizes as number[])[1])
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      expect(background).toBe(colorScheme === 'dark' ? 'rgb(20, 23, 28)' : 'rgb(246, 247, 249)')
      await page.close()
    },
  )
})
