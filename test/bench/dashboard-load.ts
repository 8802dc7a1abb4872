/**
 * How long the dashboard takes in a browser: from the first request until figures are there, and what is sent for it.
 * node test/bench/dashboard-load.ts [--rounds 9]
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { chromiumPath } from '../helpers/chromium.ts'

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } })
const dataDir = mkdtempSync(join(tmpdir(), 'recsys-dashboard-load-'))

function run(...args: string[]): void {
  execFileSync(process.execPath, [program, ...args, '--data-dir', dataDir, '--quiet'], { stdio: 'ignore' })
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!
}

/** When the text that the page ends with is there, by the page's own clock. */
const pages = [
  ['overview', 'Last decisions'],
  ['models', 'Audit trail'],
  ['runs', '1 to '],
  ['flows', 'Schedules'],
  ['data', 'Rows that were set aside'],
  ['try', 'For u'],
  ['load-tests', 'None was attached'],
] as const

const executablePath = chromiumPath()
if (executablePath === undefined) process.exit(0)
let server: ReturnType<typeof spawn> | undefined
try {
  run('init-tables')
  run('retrain', '--algos', 'svd,nmf')
  server = spawn(
    process.execPath,
    [program, 'serve', '--port', '0', '--data-dir', dataDir, '--log-level', 'error'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  let url = ''
  for await (const line of createInterface({ input: server.stdout! })) {
    url = /http:\/\/[\w.:]+/.exec(line)?.[0] ?? ''
    if (url !== '') break
  }
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  for (const [path, text] of pages) {
    const times: number[] = []
    let bytes = 0
    for (let round = 0; round < Number(values.rounds); round++) {
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(`${url}/#/${path}`, { waitUntil: 'commit' })
      await page.getByText(text).first().waitFor()
      const seen = (await page.evaluate(
        "({ at: performance.now(), bytes: performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((sum, entry) => sum + entry.encodedBodySize, 0) })",
      )) as { at: number; bytes: number }
      times.push(seen.at)
      bytes = seen.bytes
      await context.close()
    }
    process.stdout.write(
      `${path.padEnd(12)} figures after ${median(times).toFixed(0)} ms (max ${Math.max(...times).toFixed(0)}), ${(bytes / 1000).toFixed(0)} kB\n`,
    )
  }
  await browser.close()
} finally {
  if (server) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  rmSync(dataDir, { recursive: true, force: true })
}
