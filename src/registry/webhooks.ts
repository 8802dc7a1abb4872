import { randomBytes, randomUUID } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { hasTable } from './has-table.ts'
import { newRunId } from './run-id.ts'
import type { Delivery, Webhook, WebhookCalls, WebhookEvent } from './schedule-types.ts'

/** How secrets begin, by the Standard Webhooks specification. */
export const secretPrefix = 'whsec_'

/** The calls of the registry that concern webhooks. */
export function webhookCalls(db: Database): WebhookCalls {
  return {
    addWebhook: (url, events) => {
      const webhook = { id: newRunId(), url, events, createdAt: new Date().toISOString() }
      const secret = secretPrefix + randomBytes(32).toString('base64')
      db.prepare(
        'INSERT INTO webhooks (id, url, events, secret, created_at) VALUES (@id, @url, @events, @secret, @createdAt)',
      ).run({ ...webhook, events: JSON.stringify(events), secret })
      return { ...webhook, secret }
    },
    webhooks: () => {
      if (!hasTable(db, 'webhooks')) return []
      return (db.prepare('SELECT * FROM webhooks ORDER BY created_at, id').all() as WebhookRow[]).map(
        webhookFrom,
      )
    },
    removeWebhook: (id) => {
      const webhook = findWebhook(db, id)
      db.prepare('DELETE FROM webhooks WHERE id = ?').run(webhook.id)
      return webhook
    },
    announce: (event, body) => db.transaction(() => announce(db, event, body)).immediate(),
    announceTest: (id) => {
      const { id: webhookId } = findWebhook(db, id)
      const delivery = enqueue(db, webhookId, 'test', { text: 'a test of recsys' })
      return deliveryFrom(
        db.prepare(`${selectDelivery} WHERE deliveries.id = ?`).get(delivery) as DeliveryRow,
      )
    },
    takeDeliveries: (busyUntil, limit) =>
      db
        .transaction(() => {
          const rows = db
            .prepare(`${selectDelivery} WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?`)
            .all(new Date().toISOString(), limit) as DeliveryRow[]
          const take = db.prepare(
            'UPDATE deliveries SET attempts = attempts + 1, next_attempt_at = ? WHERE id = ?',
          )
          for (const { id } of rows) take.run(busyUntil, id)
          return rows.map((row) => deliveryFrom({ ...row, attempts: row.attempts + 1 }))
        })
        .immediate(),
    endDelivery: (id, { error, nextAttemptAt }) =>
      void db
        .prepare('UPDATE deliveries SET last_error = ?, next_attempt_at = ?, delivered_at = ? WHERE id = ?')
        .run(error, nextAttemptAt, error === null ? new Date().toISOString() : null, id),
    deliveries: (limit) => {
      if (!hasTable(db, 'deliveries')) return []
      const rows = db.prepare(`${selectDelivery} ORDER BY deliveries.created_at DESC LIMIT ?`).all(limit)
      return (rows as DeliveryRow[]).map(deliveryFrom)
    },
  }
}

/** Part of a larger transaction: the message is there exactly when what it tells is. */
export function announce(db: Database, event: WebhookEvent, body: Readonly<Record<string, unknown>>): void {
  const rows = db.prepare('SELECT * FROM webhooks').all() as WebhookRow[]
  for (const row of rows) {
    if (webhookFrom(row).events.includes(event)) enqueue(db, row.id, event, body)
  }
}

function enqueue(
  db: Database,
  webhookId: string,
  event: Delivery['event'],
  body: Readonly<Record<string, unknown>>,
): string {
  const id = `msg_${randomUUID().replaceAll('-', '')}`
  const at = new Date().toISOString()
  const message = { type: event === 'test' ? 'test' : typeOf[event], timestamp: at, data: body }
  db.prepare(
    'INSERT INTO deliveries (id, webhook_id, event, body, created_at, next_attempt_at) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(id, webhookId, event, JSON.stringify(message), at, at)
  return id
}

const typeOf: Readonly<Record<WebhookEvent, string>> = {
  success: 'flow.succeeded',
  failure: 'flow.failed',
  promotion: 'model.promoted',
}

function findWebhook(db: Database, id: string): Webhook {
  const rows = (
    hasTable(db, 'webhooks')
      ? db.prepare('SELECT * FROM webhooks WHERE substr(id, 1, length(?)) = ? LIMIT 2').all(id, id)
      : []
  ) as WebhookRow[]
  if (rows.length === 1 && id !== '') return webhookFrom(rows[0]!)
  throw new RecsysError('RECSYS_WEBHOOK_UNKNOWN', {
    message: `${JSON.stringify(id.slice(0, 60))} is ${rows.length === 0 ? 'no' : 'the beginning of more than one'} webhook id`,
    field: 'id',
  })
}

interface WebhookRow {
  id: string
  url: string
  events: string
  created_at: string
}

function webhookFrom({ id, url, events, created_at: createdAt }: WebhookRow): Webhook {
  return { id, url, events: JSON.parse(events), createdAt }
}

const selectDelivery = `
  SELECT deliveries.*, webhooks.url, webhooks.secret FROM deliveries JOIN webhooks ON webhooks.id = webhook_id`

interface DeliveryRow {
  id: string
  webhook_id: string
  url: string
  secret: string
  event: Delivery['event']
  body: string
  created_at: string
  attempts: number
  next_attempt_at: string | null
  delivered_at: string | null
  last_error: string | null
}

function deliveryFrom(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    url: row.url,
    secret: row.secret,
    event: row.event,
    body: JSON.parse(row.body),
    createdAt: row.created_at,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at,
    deliveredAt: row.delivered_at,
    lastError: row.last_error,
  }
}
