import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { chromiumPath } from '../helpers/chromium.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureApp } from './fixture-app.ts'

test('GET /docs shows every route of the description, and lets nothing run or load', async () => {
  const { app } = await fixtureApp()
  const response = await app.inject('/docs')
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(response.headers['content-security-policy']).toContain("default-src 'none'")
  const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, object> }
  for (const [path, methods] of Object.entries(paths)) {
    expect(response.body).toContain(`<code>${path}</code>`)
    expect(Object.keys(methods).length).toBeGreaterThan(0)
  }
  expect(response.body.match(/<details>/g)).toHaveLength(
    Object.values(paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0),
  )
  expect(response.body).not.toContain('<script')
})

const chromium = chromiumPath()
test.skipIf(!chromium)('a browser applies the style that the policy allows', async () => {
  const { app } = await fixtureApp()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${temporaryDirectory()}`]
  const page = `http://127.0.0.1:${port}/docs`
  const { stdout, stderr } = await promisify(execFile)(
    chromium!,
    [...flags, '--enable-logging=stderr', '--v=0', '--dump-dom', page],
    { timeout: 60_000 },
  )
  expect(stdout).toContain('<code>/recommendations/{userId}</code>')
  expect(stderr).not.toMatch(/Content Security Policy/)
})
