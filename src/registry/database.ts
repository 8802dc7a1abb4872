import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { migrate, requireKnownVersion } from './migrations.ts'

/** How long a writer waits for another one. */
const busyTimeoutMs = 5000

/**
 * Opens `<dataDir>/registry.db`; creates it unless `readOnly`.
 * @throws RECSYS_REGISTRY_MISSING | RECSYS_REGISTRY_LOCKED | RECSYS_REGISTRY_CORRUPT | RECSYS_REGISTRY_VERSION |
 *   RECSYS_DATA_DIR_UNWRITABLE
 */
export function openDatabase(dataDir: string, readOnly: boolean): Database {
  const path = join(dataDir, 'registry.db')
  if (readOnly && !existsSync(path)) {
    throw new RecsysError('RECSYS_REGISTRY_MISSING', { message: `${path} does not exist` })
  }
  return explaining(path, () => open(path, readOnly))
}

function open(path: string, readOnly: boolean): Database {
  if (!readOnly) mkdirSync(dirname(path), { recursive: true })
  if (!readOnly && existsSync(path)) accessSync(path, constants.W_OK)
  const db = new Sqlite(path, { readonly: readOnly, timeout: busyTimeoutMs })
  try {
    configure(db, readOnly)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function configure(db: Database, readOnly: boolean): void {
  db.pragma('foreign_keys = ON')
  if (readOnly) {
    requireKnownVersion(db)
    return
  }
  db.pragma('journal_mode = WAL')
  // WAL with NORMAL may lose the last commit when the power goes.
  db.pragma('synchronous = FULL')
  migrate(db)
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
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || unwritable.has(code)) {
    return new RecsysError('RECSYS_DATA_DIR_UNWRITABLE', { message, cause })
  }
  return cause
}

const unwritable = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'SQLITE_FULL'])
