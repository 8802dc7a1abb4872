import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface LoadFigures {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly notOk: number
}

/**
 * Keep-alive connections that each ask again as soon as they have their answer. As lean as can be, because it shares the
 * machine with the server: one write a request, and of the answer only the status and the length are looked at.
 */
export async function load(
  port: number,
  nConnections: number,
  pathOf: (n: number) => string,
  until: Promise<unknown>,
): Promise<LoadFigures> {
  const latencies: number[] = []
  let [notOk, n, running] = [0, 0, true]
  const start = performance.now()
  const connections = Array.from({ length: nConnections }, async () => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    while (running) {
      const asked = performance.now()
      const status = await ask(socket, pathOf(n++))
      latencies.push(performance.now() - asked)
      if (status !== 200) notOk++
    }
    socket.destroy()
  })
  const spin = () => void (running && setImmediate(spin))
  spin()
  await until
  running = false
  await Promise.all(connections)
  return {
    ...percentiles(latencies),
    requestsPerSecond: (1000 * latencies.length) / (performance.now() - start),
    notOk,
  }
}

/** @returns the status of the answer, when all of it has come */
function ask(socket: Socket, path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let [received, expected, status] = [0, Number.POSITIVE_INFINITY, 0]
  const onData = (chunk: Buffer) => {
    if (received === 0) {
      const head = chunk.toString('latin1', 0, 1000)
      status = Number(head.slice(9, 12))
      expected = head.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1])
    }
    received += chunk.length
    if (received < expected) return
    socket.off('data', onData).off('close', onClose)
    resolve(status)
  }
  const onClose = () => reject(new Error('the server closed a connection'))
  socket.on('data', onData).once('close', onClose)
  socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  return promise
}

function percentiles(latencies: number[]) {
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) }
}
