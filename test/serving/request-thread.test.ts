import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { defaultLimits } from '../../src/serving/http/app.ts'
import type { FromRequestThread, RequestThreadData, ToRequestThread } from '../../src/serving/messages.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { runRequestThread } from '../../src/serving/threads/request-thread.ts'
import { fallbacks } from '../../src/serving/types.ts'
import { type FixtureShape, fixtureContent, fixtureIdentity } from './fixture-model.ts'
import { readyStatus } from './ready-status.ts'

function shared(version: number, shape: FixtureShape = {}) {
  return shareModel(fixtureContent({ offset: 1000 * version, ...shape }), fixtureIdentity(version), 1)
}

/** A request thread's work in this thread, and the supervisor's end of the line to it. */
async function requestThread(given: Partial<RequestThreadData> = {}) {
  const { port1: line, port2 } = new MessageChannel()
  const heard: FromRequestThread[] = []
  const ended = once(line, 'close')
  line.on('message', (message: FromRequestThread) => heard.push(message))
  const say = (message: ToRequestThread) => line.postMessage(message)
  const hear = <T extends FromRequestThread['type']>(type: T) =>
    vi.waitFor(() => {
      const found = heard.findLast((message) => message.type === type)
      if (!found) throw new Error(`heard only ${heard.map((message) => message.type)}`)
      return found as Extract<FromRequestThread, { type: T }>
    })
  const data: RequestThreadData = {
    thread: 1,
    host: '127.0.0.1',
    port: 0,
    reusePort: false,
    adminToken: undefined,
    dataDir: '/nowhere',
    tls: undefined,
    keysRequired: false,
    strangers: fallbacks,
    tracing: undefined,
    keys: [],
    logLevel: 'silent',
    limits: defaultLimits,
    cache: { maxBytes: 2 ** 20, ttlMs: 60_000 },
    model: shared(1),
    status: readyStatus,
    ...given,
  }
  await runRequestThread(data, port2)
  onTestFinished(() => {
    say({ type: 'drain', timeoutMs: 0 })
    line.close()
  })
  const url = async () => `http://127.0.0.1:${(await hear('listening')).port}`
  const version = async () => {
    const response = await fetch(`${await url()}/recommendations/u1`)
    return response.ok
      ? ((await response.json()) as { model: { version: number } }).model.version
      : response.status
  }
  return { say, hear, ended, url, version }
}

describe('a request thread', () => {
  test('starts with the model that it is given, or with none', async () => {
    expect(await (await requestThread()).version()).toBe(1)
    expect(await (await requestThread({ model: null })).version()).toBe(503)
  })

  test('takes a prepared model into service when told to, not before', async () => {
    const { say, hear, version } = await requestThread()
    const model = shared(2)
    say({ type: 'prepare', generation: 7, model })
    expect(await hear('prepared')).toEqual({ type: 'prepared', generation: 7, problem: null })
    expect(await version()).toBe(1)
    say({ type: 'commit', generation: 7, model })
    await expect.poll(version).toBe(2)
  })

  test('builds a model that it is told to take without having prepared it', async () => {
    const { say, version } = await requestThread({ model: null })
    say({ type: 'prepare', generation: 1, model: shared(2) })
    say({ type: 'abandon' })
    say({ type: 'commit', generation: 2, model: shared(3) })
    await expect.poll(version).toBe(3)
  })

  test('says what is wrong with a model and keeps the old one', async () => {
    const { say, hear, version } = await requestThread()
    const broken = { ...shared(2), tensors: {} }
    say({ type: 'prepare', generation: 1, model: broken })
    expect((await hear('prepared')).problem).toContain('tensor')
    expect(await version()).toBe(1)
  })

  test('tells its figures and shows the state it was told', async () => {
    const { say, hear, url, version } = await requestThread()
    await version()
    say({ type: 'collect' })
    const { metrics } = await hear('snapshot')
    expect(metrics.map((metric) => metric.name)).toContain('recsys_http_requests_total')
    const startedAt = '2030-01-01T00:00:00.000Z'
    say({ type: 'status', status: { ...readyStatus, startedAt } })
    const shown = async () => {
      const response = await fetch(`${await url()}/health`)
      return ((await response.json()) as { startedAt: string }).startedAt
    }
    await expect.poll(shown).toBe(startedAt)
  })

  test('asks the supervisor for what it does not know', async () => {
    const { say, hear, url } = await requestThread()
    const scrape = fetch(`${await url()}/metrics`)
    const { id, question } = await hear('ask')
    expect(question).toBe('scrape')
    say({ type: 'answer', id, answer: 'all the figures' })
    expect(await (await scrape).text()).toBe('all the figures')
  })

  test('that cannot listen says why and ends', async () => {
    const first = await requestThread()
    const { port } = await first.hear('listening')
    const second = await requestThread({ port })
    expect(await second.hear('listen-failed')).toMatchObject({ code: 'EADDRINUSE' })
    await second.ended
  })

  test('ends its line when it has drained', async () => {
    const { say, ended, url } = await requestThread()
    const base = await url()
    say({ type: 'drain', timeoutMs: 1000 })
    await ended
    await expect(fetch(`${base}/health`)).rejects.toThrow()
  })
})
