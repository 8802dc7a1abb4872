import type { FastifyInstance } from 'fastify'
import { LRUCache } from 'lru-cache'
import { RecsysError } from '../../errors.ts'
import { keyOf } from './access.ts'
import type { AppContext } from './app-context.ts'
import { isHealthRoute } from './health-routes.ts'

interface Bucket {
  tokens: number
  /** Of the last request, in milliseconds. */
  at: number
}

/** Clients that are remembered at once; one that was forgotten begins with a full bucket. */
const maxClients = 100_000

/**
 * Lets each client send so many requests a second, with as many saved up as a second brings (token bucket). A client is a
 * key, or without one an address. Health routes always answer: they tell orchestrators, who must not be put off.
 * @param perSecond  of this thread; 0 turns it off
 */
export function limitRates(app: FastifyInstance, { keys }: AppContext, perSecond: number): void {
  if (perSecond === 0) return
  const buckets = new LRUCache<string, Bucket>({ max: maxClients })
  const capacity = Math.max(1, perSecond)
  app.addHook('onRequest', (request, reply, done) => {
    if (isHealthRoute(request)) return void done()
    const client = keyOf(request, keys())?.id ?? request.ip
    const now = performance.now()
    const bucket = buckets.get(client) ?? { tokens: capacity, at: now }
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    buckets.set(client, bucket)
    if (bucket.tokens >= 1) {
      bucket.tokens--
      return void done()
    }
    reply.header('retry-after', Math.ceil((1 - bucket.tokens) / perSecond))
    const message = `more than ${Math.round(capacity)} requests a second from one client`
    done(new RecsysError('RECSYS_HTTP_RATE_LIMITED', { message }))
  })
}
