import { LRUCache } from 'lru-cache'

/**
 * Answers by key. A key names everything that an answer depends on, the model version first: a change of the model
 * needs no flush, and what is no longer asked for is pushed out.
 */
export interface ResponseCache {
  get(key: string): string | undefined
  set(key: string, text: string): void
  /** Present use: bytes and entries. */
  size(): { readonly bytes: number; readonly entries: number }
}

export interface CacheOptions {
  /** Of all keys and answers together; 0 turns the cache off. */
  readonly maxBytes: number
  readonly ttlMs: number
}

/** What an entry costs beside its text, roughly: the list, the map and the strings' headers. */
const entryBytes = 200

/** The least recently used answers go first when the bytes run out. */
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
    get: (key) => entries.get(key),
    set: (key, text) => void entries.set(key, text),
    size: () => ({ bytes: entries.calculatedSize, entries: entries.size }),
  }
}

const noCache: ResponseCache = {
  get: () => undefined,
  set: () => undefined,
  size: () => ({ bytes: 0, entries: 0 }),
}
