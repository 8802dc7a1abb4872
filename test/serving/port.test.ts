import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  canSharePort,
  listenError,
  refusePortInUse,
  takeTurnAtPort,
} from '../../src/serving/supervisor/port.ts'

async function listener(options: { reusePort?: boolean } = {}): Promise<number> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', ...options })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

describe('a port', () => {
  test.each([{}, { reusePort: true }])('with a listener of %j is in use', async (options) => {
    if (options.reusePort && !(await canSharePort('127.0.0.1'))) return
    const port = await listener(options)
    await expect(refusePortInUse('127.0.0.1', port)).rejects.toMatchObject({ code: 'RECSYS_PORT_IN_USE' })
    await expect(refusePortInUse('0.0.0.0', port)).rejects.toMatchObject({ code: 'RECSYS_PORT_IN_USE' })
  })

  test('that is free may be taken', async () => {
    await refusePortInUse('127.0.0.1', 0)
  })

  test.each([
    ['EACCES', 'RECSYS_PORT_FORBIDDEN', 6],
    ['ENOTFOUND', 'RECSYS_HOST_UNAVAILABLE', 6],
    ['EWHATEVER', 'RECSYS_HOST_UNAVAILABLE', 6],
  ])('that cannot be had for %s has a code of its own', (system, code, exitCode) => {
    expect(listenError(system, 'listen failed', '::1', 80)).toMatchObject({ code, exitCode })
  })
})

test.runIf(process.platform === 'linux')('servers take turns at a port, and only at that port', async () => {
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = takeTurnAtPort(1, async () => {
    order.push('first in')
    await gate.promise
    order.push('first out')
  })
  const second = takeTurnAtPort(1, async () => void order.push('second'))
  // Another port's turns come and go meanwhile.
  for (let round = 0; round < 20; round++) await takeTurnAtPort(2, async () => undefined)
  expect(order).toEqual(['first in'])
  gate.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['first in', 'first out', 'second'])
})
