import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { doorbellPath } from '../../registry/doorbell.ts'
import type { Logger } from '../log.ts'

/**
 * Calls `onRing` when the doorbell may have rung: at once through the file system's events, and on every poll besides.
 * An event can be lost, a network mount has none, and a directory that was deleted and made again is another one: so
 * every poll also looks whether the watch still hangs on the directory that is there.
 */
export class DoorbellWatch {
  readonly #dataDir: string
  readonly #onRing: (by: 'doorbell' | 'poll') => void
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #watcher: FSWatcher | undefined
  #watched: string | undefined
  #closed = false

  constructor(
    dataDir: string,
    pollIntervalMs: number,
    log: Logger,
    onRing: (by: 'doorbell' | 'poll') => void,
  ) {
    this.#dataDir = dataDir
    this.#onRing = onRing
    this.#log = log
    this.#timer = setInterval(() => void this.#poll(), pollIntervalMs)
    void this.#rehang()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#watcher?.close()
  }

  async #poll(): Promise<void> {
    await this.#rehang()
    if (!this.#closed) this.#onRing('poll')
  }

  async #rehang(): Promise<void> {
    const there = await directoryIdentity(this.#dataDir)
    if (this.#closed || there === this.#watched) return
    this.#watcher?.close()
    this.#watched = undefined
    if (there === undefined) return
    try {
      this.#watcher = this.#hang()
      this.#watched = there
    } catch (error) {
      this.#log.warn({ err: error }, 'the data directory cannot be watched; the poll of the registry remains')
    }
  }

  #hang(): FSWatcher {
    const bell = basename(doorbellPath(this.#dataDir))
    const watcher = watch(this.#dataDir, (_, file) => {
      if (file === bell || file === null) this.#onRing('doorbell')
    })
    // A broken watch is hung anew by the next poll.
    return watcher.on('error', () => {
      this.#watched = undefined
    })
  }
}

/** Device, inode and birth: a directory made again may well get the inode of the deleted one. */
async function directoryIdentity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(path, { bigint: true })
    return `${dev}:${ino}:${birthtimeNs}`
  } catch {
    return undefined
  }
}
