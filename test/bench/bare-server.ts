import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { fastify } from 'fastify'

/** A Fastify application with one route that answers the bytes it is given, in a thread of its own. */
const { text } = workerData as { text: string }
const app = fastify()
app.get('/recommendations/:userId', (_, reply) => reply.type('application/json; charset=utf-8').send(text))
await app.listen({ host: '127.0.0.1', port: 0 })
parentPort!.postMessage((app.server.address() as AddressInfo).port)
