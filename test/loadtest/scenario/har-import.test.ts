import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { importHar } from '../../../src/loadtest/scenario/har-import.ts'
import { temporaryDirectory } from '../../helpers/run-recsys.ts'
import { compile, virtualUser } from './scenario-files.ts'

interface Recorded {
  url: string
  method?: string
  headers?: Record<string, string>
  postData?: object
  status?: number
  at?: number
  time?: number
}

function harFile(entries: readonly Recorded[]): string {
  const path = join(temporaryDirectory(), 'visit.har')
  const list = entries.map(
    ({ url, method = 'GET', headers = {}, postData, status = 200, at = 0, time = 10 }) => ({
      startedDateTime: new Date(1_700_000_000_000 + at).toISOString(),
      time,
      request: {
        method,
        url,
        headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
        postData,
      },
      response: { status },
    }),
  )
  writeFileSync(path, JSON.stringify({ log: { version: '1.2', entries: list } }))
  return path
}

const app = 'https://shop.example'

test('a recording keeps order, method, path, headers that matter, bodies, statuses and pauses', async () => {
  const har = harFile([
    {
      url: `${app}/b?x=1&y=%C3%BC`,
      at: 2000,
      method: 'POST',
      status: 201,
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      postData: { mimeType: 'application/json', text: '{"a":[1,"${b}"]}' },
    },
    {
      url: `${app}/a`,
      at: 0,
      headers: {
        Accept: 'text/html',
        'User-Agent': 'x',
        'sec-fetch-mode': 'navigate',
        ':authority': 'shop',
        'X-Requested-With': 'y',
      },
    },
    {
      url: `${app}/c`,
      at: 2010,
      method: 'PUT',
      status: 304,
      postData: { mimeType: 'application/x-www-form-urlencoded', text: 'p=1&q=a+b' },
    },
  ])
  const { text, steps, origin } = await importHar(har, { keepCredentials: false })
  expect({ steps, origin }).toEqual({ steps: 3, origin: app })
  const scenario = await compile({ 'scenario.yaml': text })
  const rendered = scenario.tasks[0]!.steps.map((step) => step.render(virtualUser()))
  expect(rendered).toEqual([
    { method: 'GET', path: '/a', headers: { accept: 'text/html', 'x-requested-with': 'y' } },
    {
      method: 'POST',
      path: '/b?x=1&y=%C3%BC',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: '{"a":[1,"${b}"]}',
    },
    {
      method: 'PUT',
      path: '/c',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'p=1&q=a%20b',
    },
  ])
  expect(scenario.tasks[0]!.steps.map(({ waitMs }) => waitMs)).toEqual([[1990, 1990], undefined, undefined])
  expect(scenario.waitMs).toEqual([0, 0])
})

test('credentials are left out and said, or kept when asked for', async () => {
  const har = harFile([
    {
      url: `${app}/?access_token=1`,
      headers: { Cookie: 'a=b', Authorization: 'Bearer x', 'X-Api-Key': 'k', accept: '*/*' },
    },
  ])
  const dropped = await importHar(har, { keepCredentials: false })
  expect(dropped.droppedCredentials).toEqual(['cookie', 'authorization', 'x-api-key'])
  expect(dropped.suspectParameters).toEqual(['access_token'])
  expect(dropped.text).not.toMatch(/Bearer|a=b|x-api-key/)
  const kept = await importHar(har, { keepCredentials: true })
  expect(kept.keptCredentials).toEqual(['cookie', 'authorization', 'x-api-key'])
  expect(kept.text).toContain('Bearer x')
})

test('one host is kept, the one most asked, and the others are counted', async () => {
  const har = harFile([
    { url: 'https://cdn.example/a.js' },
    { url: `${app}/` },
    { url: `${app}/1` },
    { url: 'data:text/plain,x' },
  ])
  expect(await importHar(har, { keepCredentials: false })).toMatchObject({
    origin: app,
    steps: 2,
    otherHosts: { 'https://cdn.example': 1 },
  })
})

test.each([
  ['no JSON', '<har>', /is not JSON/],
  ['another JSON', '{"a":1}', /no list log\.entries/],
  ['no requests', '{"log":{"entries":[{},null,3]}}', /has 3 entries, expected at least one request/],
])('a file with %s is refused', async (_, text, message) => {
  const path = join(temporaryDirectory(), 'x.har')
  writeFileSync(path, text)
  await expect(importHar(path, { keepCredentials: false })).rejects.toMatchObject({
    code: 'RECSYS_HAR_UNREADABLE',
    message: expect.stringMatching(message),
  })
})
