import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { ResponseCache } from './response-cache.ts'

export type RedisOutcome = 'hit' | 'miss' | 'timeout' | 'error' | 'skipped'

export interface RedisCacheOptions {
  /** `redis://` or, over TLS, `rediss://`. */
  readonly url: string
  readonly ttlMs: number
  readonly log: Logger
  /** Told what came of each look-up. */
  count(outcome: RedisOutcome): void
}

/** What a request waits for Redis at most: it is there to save time. */
const budgetMs = 20
/** So many failures one after the other, and nobody waits any more until Redis answers again. */
const maxFailures = 3
const probeMs = 500
/** A connection that is silent for so long is given up and opened anew. */
const silenceMs = 5000
/** Commands that wait for their answers at once; further ones are left out. */
const maxQueued = 1000
const prefix = 'recsys:'

/** What is used of the client: its types carry every module of Redis. */
interface RedisClient {
  readonly isReady: boolean
  on(event: 'error' | 'ready', listener: (error?: Error) => void): unknown
  connect(): Promise<unknown>
  get(key: string): Promise<string | null>
  set(key: string, text: string, options: object): Promise<unknown>
  ping(): Promise<unknown>
  destroy(): void
}

/**
 * A cache of this thread before one in Redis. Redis may be slow, hung or gone: a request waits 20 ms for it at most, and after
 * three failures in a row none does until a ping, sent beside the requests, is answered again (circuit breaker). Equal requests
 * wait for one look-up.
 */
export function withRedis(near: ResponseCache, options: RedisCacheOptions): ResponseCache {
  const redis = new Redis(options)
  const flights = new Map<string, Promise<string | undefined>>()
  const look = async (key: string): Promise<string | undefined> => {
    const text = await redis.get(key)
    flights.delete(key)
    if (text !== undefined) near.set(key, text)
    return text
  }
  return {
    peek: (key) => near.peek(key),
    fetch: (key) => {
      if (!redis.isAnswering) {
        options.count('skipped')
        return undefined
      }
      const flight = flights.get(key) ?? look(key)
      flights.set(key, flight)
      return flight
    },
    set: (key, text) => {
      near.set(key, text)
      redis.set(key, text)
    },
    size: () => near.size(),
    close: () => redis.close(),
  }
}

class Redis {
  readonly #options: RedisCacheOptions
  #client: RedisClient | undefined
  #isAnswering = false
  #failures = 0
  #closed = false

  constructor(options: RedisCacheOptions) {
    this.#options = options
    void this.#open()
  }

  get isAnswering(): boolean {
    return this.#isAnswering
  }

  /** Never rejects. */
  async get(key: string): Promise<string | undefined> {
    const { count } = this.#options
    const late = new AbortController()
    try {
      const answer = this.#client!.get(prefix + key)
      // What comes too late is of no interest any more, whatever it is.
      answer.catch(() => undefined)
      const text = await Promise.race([answer, delay(budgetMs, timedOut, { signal: late.signal })])
      if (text === timedOut) this.#failed(`no answer within ${budgetMs} ms`)
      else this.#failures = 0
      count(text === timedOut ? 'timeout' : text === null ? 'miss' : 'hit')
      // Others may write there too: only what looks like an answer of ours is taken for one.
      return typeof text === 'string' && text.startsWith('{"userId":') ? text : undefined
    } catch (error) {
      this.#failed(String(error))
      count('error')
      return undefined
    } finally {
      late.abort()
    }
  }

  set(key: string, text: string): void {
    if (!this.#isAnswering) return
    const expiration = { type: 'PX', value: this.#options.ttlMs }
    this.#client!.set(prefix + key, text, { expiration }).catch((error) => this.#failed(String(error)))
  }

  close(): void {
    this.#closed = true
    this.#isAnswering = false
    this.#client?.destroy()
  }

  async #open(): Promise<void> {
    const { createClient } = await import('redis')
    if (this.#closed) return
    const client = createClient({
      url: this.#options.url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: maxQueued,
      socket: {
        connectTimeout: silenceMs,
        reconnectStrategy: (retries) => Math.min(2000, 50 * 2 ** retries),
      },
    }) as unknown as RedisClient
    this.#client = client
    client.on('error', (error) => this.#away(String(error)))
    client.on('ready', () => this.#answering())
    client.connect().catch((error) => this.#away(String(error)))
    void this.#probe(client)
  }

  /** Asks, beside the requests, whether a Redis that nobody waits for answers again. */
  async #probe(client: RedisClient): Promise<void> {
    while (!this.#closed && client === this.#client) {
      await delay(probeMs, undefined, { ref: false })
      if (this.#isAnswering || !client.isReady || this.#closed) continue
      const answer = client.ping().then(
        () => true,
        () => false,
      )
      const isThere = await Promise.race([answer, delay(silenceMs, undefined, { ref: false })])
      if (isThere) this.#answering()
      else if (isThere === undefined) this.#openAnew(client)
    }
  }

  #openAnew(client: RedisClient): void {
    client.destroy()
    void this.#open()
  }

  #failed(reason: string): void {
    this.#failures++
    if (this.#failures >= maxFailures) this.#away(reason)
  }

  #away(reason: string): void {
    if (this.#isAnswering)
      this.#options.log.warn({ reason }, 'Redis does not answer: its answers are made anew')
    this.#isAnswering = false
  }

  #answering(): void {
    this.#failures = 0
    if (!this.#isAnswering) this.#options.log.info('Redis answers')
    this.#isAnswering = !this.#closed
  }
}

const timedOut = Symbol('timed out')
