import { LRUCache } from 'lru-cache'

/**
 * Answers by key. A key names everything that an answer depends on, the model version first: a change of the model
 * needs no flush, and what is no longer asked for is pushed out.
 */
export interface ResponseCache {
  /** What this thread has: nobody waits for it. */
  peek(key: string): string | undefined
  /** What another process may have, when it is to be waited for; never rejects. */
  fetch(key: string): Promise<string | undefined> | undefined
  set(key: string, text: string): void
  /** Present use of this thread: bytes and entries. */
  size(): { readonly bytes: number; readonly entries: number }
  close(): void
}

export interface CacheOptions {
  /** Of all keys and answers together; 0 turns the cache off. */
  readonly maxBytes: number
  readonly ttlMs: number
  /** A Redis that several servers share, behind the answers that each keeps itself; undefined: none. */
  readonly redisUrl?: string | undefined
}

/** What an entry costs beside its text, roughly: the list, the map and the strings' headers. */
const entryBytes = 200

/** In this thread's memory: the least recently used answers go first when the bytes run out. */
export function createResponseCache({ maxBytes, ttlMs }: CacheOptions): ResponseCache {
  if (maxBytes === 0) return noCache
  const entries = new LRUCache<string, string>({
    maxSize: maxBytes,
    ttl: ttlMs,
    ttlResolution: Math.min(100, ttlMs),
    // Two bytes a character: what a string with one letter beyond Latin-1 takes.
    sizeCalculation: (text, key) => entryBytes + 2 * (text.length + key.length),
  })
  return {
    ...noCache,
    peek: (key) => entries.get(key),
    set: (key, text) => void entries.set(key, text),
    size: () => ({ bytes: entries.calculatedSize, entries: entries.size }),
  }
}

const noCache: ResponseCache = {
  peek: () => undefined,
  fetch: () => undefined,
  set: () => undefined,
  size: () => ({ bytes: 0, entries: 0 }),
  close: () => undefined,
}
