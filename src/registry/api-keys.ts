import { createHash, randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { hasTable } from './has-table.ts'
import type { ApiKey, KeyScope, Registry } from './types.ts'

interface ApiKeyRow extends Omit<ApiKey, 'scopes'> {
  readonly scopes: string
}

type ApiKeyCalls = Pick<Registry, 'createApiKey' | 'apiKeys' | 'revokeApiKey'>

const select = `SELECT id, label, scopes, sha256, created_at AS createdAt, revoked_at AS revokedAt FROM api_keys`

/** The calls of the registry that concern keys of the HTTP API. */
export function apiKeyCalls(db: Database): ApiKeyCalls {
  return {
    createApiKey: (label, scopes) => {
      const id = randomBytes(6).toString('hex')
      const key = `recsys_${id}_${randomBytes(32).toString('base64url')}`
      const row = {
        id,
        label,
        scopes: JSON.stringify(scopes),
        sha256: sha256(key),
        at: new Date().toISOString(),
      }
      db.prepare(
        'INSERT INTO api_keys (id, label, scopes, sha256, created_at) VALUES (@id, @label, @scopes, @sha256, @at)',
      ).run(row)
      return { key, id }
    },
    apiKeys: () =>
      hasTable(db, 'api_keys')
        ? (db.prepare(`${select} ORDER BY created_at, id`).all() as ApiKeyRow[]).map(fromRow)
        : [],
    revokeApiKey: (id) => {
      const revoke = 'UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL'
      const { changes } = db.prepare(revoke).run(new Date().toISOString(), id)
      const row = db.prepare(`${select} WHERE id = ?`).get(id) as ApiKeyRow | undefined
      if (row === undefined) throw new RecsysError('RECSYS_KEY_UNKNOWN', { message: `there is no key ${id}` })
      return { ...fromRow(row), changed: changes > 0 }
    },
  }
}

function fromRow(row: ApiKeyRow): ApiKey {
  return { ...row, scopes: JSON.parse(row.scopes) as KeyScope[] }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
