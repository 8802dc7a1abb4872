import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import Promote from '../../commands/promote.ts'
import Add from '../../commands/webhooks/add.ts'
import List from '../../commands/webhooks/list.ts'
import Remove from '../../commands/webhooks/remove.ts'
import SendTest from '../../commands/webhooks/test.ts'
import { deliverDue } from '../../src/flow/deliver-webhooks.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry } from '../helpers/sample-lake.ts'
import { flowOf, flowPlace, shell } from './flow-of.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that answers with what the test says. */
async function receiver(status: () => number) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    received.push({ headers: request.headers, body })
    response.writeHead(status(), status() === 302 ? { location: '/elsewhere' } : {}).end('thanks')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

async function json(command: unknown, ...args: string[]) {
  const { stdout, exitCode } = await runCommand(command, [...args, '--json'])
  return { exitCode, document: JSON.parse(stdout) }
}

test('who asked is told of success and failure, signed so that nobody else can say it', async () => {
  const { received, url } = await receiver(() => 204)
  const place = flowPlace()
  const data = ['--data-dir', place.dataDir]
  const { document: hook } = await json(Add, url, '--on', 'success,failure', ...data)
  await place.run(flowOf([shell('fine', 'true')]))
  await place.run(flowOf([shell('bad', 'exit 4')]))
  expect(await deliverDue(place.dataDir)).toEqual({ delivered: 2, failed: 0 })
  expect(await deliverDue(place.dataDir)).toEqual({ delivered: 0, failed: 0 })
  const messages = received
    .map(({ body }) => JSON.parse(body))
    .sort((a, b) => a.timestamp.localeCompare(b.timestamp))
  expect(messages).toMatchObject([
    { type: 'flow.succeeded', data: { flow: 'test', state: 'succeeded', cause: 'test' } },
    {
      type: 'flow.failed',
      data: { message: 'bad: ended with exit code 4', tasks: [{ task: 'bad', state: 'failed' }] },
    },
  ])
  for (const { headers, body } of received) {
    const key = Buffer.from(hook.secret.replace('whsec_', ''), 'base64')
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    )
    expect(Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp']))).toBeLessThan(60)
  }
  const { document: list } = await json(List, ...data)
  expect(JSON.stringify(list)).not.toContain('whsec_')
  expect(list.deliveries).toMatchObject([{ attempts: 1, lastError: null }, { attempts: 1 }])
})

test('a message that is not accepted is sent again later, with the same id', async () => {
  let status = 500
  const { received, url } = await receiver(() => status)
  const place = flowPlace()
  askRegistry(place.dataDir, (registry) => registry.addWebhook(url, ['success']))
  await place.run(flowOf([shell('fine', 'true')]))
  expect(await deliverDue(place.dataDir)).toEqual({ delivered: 0, failed: 1 })
  const [delivery] = askRegistry(place.dataDir, (registry) => registry.deliveries(1))
  expect(delivery).toMatchObject({ attempts: 1, lastError: 'answered 500, expected 2xx', deliveredAt: null })
  const waitMs = Date.parse(delivery!.nextAttemptAt!) - Date.now()
  expect(waitMs).toBeGreaterThan(5000)
  expect(waitMs).toBeLessThanOrEqual(10_000)
  // As if the time had come.
  const now = new Date().toISOString()
  askRegistry(place.dataDir, (registry) =>
    registry.endDelivery(delivery!.id, { error: 'later', nextAttemptAt: now }),
  )
  status = 200
  expect(await deliverDue(place.dataDir)).toEqual({ delivered: 1, failed: 0 })
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([delivery!.id, delivery!.id])
})

test('of several that deliver at once, one sends each message', async () => {
  const { received, url } = await receiver(() => 200)
  const place = flowPlace()
  askRegistry(place.dataDir, (registry) => {
    registry.addWebhook(url, ['success'])
    for (let i = 0; i < 10; i++) registry.announce('success', { i })
  })
  await Promise.all([1, 2, 3].map(() => deliverDue(place.dataDir)))
  expect(received.map(({ body }) => JSON.parse(body).data.i).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a test message is sent at once; a redirect and an address where nobody listens are told', async () => {
  let status = 200
  const { received, url } = await receiver(() => status)
  const place = flowPlace()
  const data = ['--data-dir', place.dataDir]
  const { document: hook } = await json(Add, url, ...data)
  expect((await json(SendTest, hook.id.slice(0, 9), ...data)).exitCode).toBe(0)
  expect(JSON.parse(received[0]!.body)).toMatchObject({ type: 'test' })
  status = 302
  const refused = await json(SendTest, hook.id, ...data)
  expect(refused).toMatchObject({ exitCode: 6, document: { error: { code: 'RECSYS_WEBHOOK_REFUSED' } } })
  expect(refused.document.error.message).toContain('answered 302, expected 2xx')
  expect(received).toHaveLength(2)
  const { document: nowhere } = await json(Add, 'http://127.0.0.1:1/', ...data)
  expect((await json(SendTest, nowhere.id, ...data)).exitCode).toBe(6)
  expect((await json(Remove, nowhere.id, ...data)).exitCode).toBe(0)
  expect((await json(SendTest, nowhere.id, ...data)).document.error.code).toBe('RECSYS_WEBHOOK_UNKNOWN')
})

test.each(['ftp://x/', 'http://user:secret@x/', 'x'])(
  'an address that is none is refused: %s',
  async (url) => {
    const place = flowPlace()
    const { exitCode, document } = await json(Add, url, '--data-dir', place.dataDir)
    expect({ exitCode, code: document.error.code }).toEqual({ exitCode: 2, code: 'RECSYS_USAGE' })
  },
)

test('a promotion is announced in the transaction that makes it, whoever promotes', async () => {
  const { sampleLake } = await import('../helpers/sample-lake.ts')
  const { train } = await import('../../src/pipeline/train.ts')
  const dataDir = await sampleLake()
  askRegistry(dataDir, (registry) => registry.addWebhook('http://127.0.0.1:1/', ['promotion']))
  await train({
    ...{
      dataDir,
      algorithm: 'svd',
      params: { factors: 4 },
      seed: 1,
      split: 'hash:0.2',
      name: 'recommender',
      k: 10,
      tags: {},
    },
    nThreads: 1,
  })
  expect((await runCommand(Promote, ['--data-dir', dataDir, '--dry-run'])).exitCode).toBe(0)
  expect(askRegistry(dataDir, (registry) => registry.deliveries(9))).toEqual([])
  expect((await runCommand(Promote, ['--data-dir', dataDir])).exitCode).toBe(0)
  const [delivery] = askRegistry(dataDir, (registry) => registry.deliveries(9))
  expect(delivery!.body).toMatchObject({
    type: 'model.promoted',
    data: { name: 'recommender', version: 1, previousVersion: null, action: 'promote', algorithm: 'svd' },
  })
})
