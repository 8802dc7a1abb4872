import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { isEmpty, migrate, requireKnownVersion } from './migrations.ts'

export interface OpenOptions {
  /** Neither creates nor changes anything. Default: false */
  readonly readOnly?: boolean
  /** False: a registry that is not there is RECSYS_REGISTRY_MISSING, not made. Default: true, without `readOnly` */
  readonly create?: boolean
  /** How long a call waits for another writer before it gives up; it blocks its thread meanwhile. Default: 5000 */
  readonly busyTimeoutMs?: number
}

/**
 * Opens `<dataDir>/registry.db`; creates it unless it is told not to.
 * @throws RECSYS_REGISTRY_MISSING | RECSYS_REGISTRY_LOCKED | RECSYS_REGISTRY_CORRUPT | RECSYS_REGISTRY_VERSION |
 *   RECSYS_DATA_DIR_UNWRITABLE
 */
export function openDatabase(dataDir: string, options: OpenOptions): Database {
  const path = registryPath(dataDir)
  if ((options.readOnly || options.create === false) && !existsSync(path))
    throw missing(`${path} does not exist`)
  return explaining(path, () => open(path, options))
}

/** Absolute: SQLite would take a relative one that starts with `file:` for a URL. */
export function registryPath(dataDir: string): string {
  return resolve(join(dataDir, 'registry.db'))
}

function missing(message: string): RecsysError {
  return new RecsysError('RECSYS_REGISTRY_MISSING', { message })
}

function open(path: string, { readOnly = false, busyTimeoutMs = 5000 }: OpenOptions): Database {
  if (!readOnly) mkdirSync(dirname(path), { recursive: true })
  if (existsSync(path)) requireUsable(path, readOnly)
  const db = new Sqlite(path, { readonly: readOnly, timeout: busyTimeoutMs })
  try {
    configure(db, readOnly, busyTimeoutMs)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLite would silently open for reading what it may not write, and calls a directory a broken disk. */
function requireUsable(path: string, readOnly: boolean): void {
  if (!statSync(path).isFile()) {
    throw new RecsysError('RECSYS_REGISTRY_CORRUPT', { message: `${path} is not a file` })
  }
  accessSync(path, readOnly ? constants.R_OK : constants.R_OK | constants.W_OK)
}

function configure(db: Database, readOnly: boolean, busyTimeoutMs: number): void {
  db.pragma('foreign_keys = ON')
  if (readOnly) {
    requireKnownVersion(db)
    // The process that created the file was killed before it wrote the tables.
    if (isEmpty(db)) throw missing(`${db.name} has no tables yet`)
    return
  }
  switchToWal(db, Date.now() + busyTimeoutMs)
  // WAL with NORMAL may lose the last commit when the power goes.
  db.pragma('synchronous = FULL')
  migrate(db)
}

const pauseMs = 5

/**
 * Two processes that switch a new file at once may each wait for the other's lock: SQLite then says busy without waiting,
 * whatever its timeout is.
 */
export function switchToWal(db: Database, deadline: number): void {
  for (;;) {
    try {
      db.pragma('journal_mode = WAL')
      return
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (typeof code !== 'string' || !code.startsWith('SQLITE_BUSY') || Date.now() >= deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
}

/** Runs `work`, turning what SQLite and the file system say into our errors. */
export function explaining<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw explained(path, cause)
  }
}

function explained(path: string, cause: unknown): unknown {
  const code = (cause as { code?: unknown }).code
  if (cause instanceof RecsysError || typeof code !== 'string') return cause
  const message = `${path}: ${(cause as Error).message}`
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new RecsysError('RECSYS_REGISTRY_LOCKED', {
      message: `${path} is locked by another process`,
      cause,
    })
  }
  if (
    ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_SHORT_READ'].some((start) => code.startsWith(start))
  ) {
    return new RecsysError('RECSYS_REGISTRY_CORRUPT', { message, cause })
  }
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' && message.includes('runs.once_key')) {
    return new RecsysError('RECSYS_REGISTRY_CONFLICT', {
      message: 'a run with the same key has finished',
      cause,
    })
  }
  if (unwritable.some((start) => code.startsWith(start))) {
    return new RecsysError('RECSYS_DATA_DIR_UNWRITABLE', { message, cause })
  }
  return cause
}

/** What the file system says, in its own words or through SQLite. */
const unwritable = [
  ...['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT'],
  ...['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_FULL', 'SQLITE_IOERR'],
]
