import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { onTestFinished } from 'vitest'

/** A real server on a free loopback port, closed when the test is over. */
export async function startHttpServer(handler: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(handler)
  const url = await listen(server)
  onTestFinished(() => server.closeAllConnections())
  return { url, server }
}

/** Starts any server on a free loopback port and closes it when the test is over. */
export async function listen(server: NetServer, host = '127.0.0.1'): Promise<string> {
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { address, port } = server.address() as AddressInfo
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
