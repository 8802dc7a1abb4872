import { createHmac } from 'node:crypto'
import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Delivery } from '../registry/schedule-types.ts'
import { secretPrefix } from '../registry/webhooks.ts'
import { backoffMs } from './backoff.ts'
import type { RetryPolicy } from './types.ts'

/** A receiver that does not answer within this time is asked again later. */
const timeoutMs = 10_000
/** How long whoever takes a message keeps others from taking it too. */
const busyMs = 60_000
const messagesAtOnce = 20

/** 10 s, 40 s, 3 min … 6 h between attempts, about two days in all. */
const retry: RetryPolicy = {
  ...{ attempts: 14, delayMs: 10_000, factor: 4, maxDelayMs: 6 * 3_600_000, jitter: 0.2 },
  on: [],
}

/** What became of the messages that were due. */
export interface DeliveryReport {
  readonly delivered: number
  readonly failed: number
}

/**
 * Sends the messages that are due, each signed by the Standard Webhooks specification: `webhook-signature` is
 * v1,base64(HMAC-SHA256(secret, id.timestamp.body)). What is not answered with 2xx stays in the registry and is sent again later,
 * by whoever comes next. At least once: a receiver tells repetitions by `webhook-id`.
 */
export async function deliverDue(dataDir: string, signal?: AbortSignal): Promise<DeliveryReport> {
  const registry = openRegistry(dataDir)
  try {
    const due = registry.takeDeliveries(new Date(Date.now() + busyMs).toISOString(), messagesAtOnce)
    const errors = await Promise.all(
      due.map(async (delivery) => {
        const error = await send(delivery, signal)
        registry.endDelivery(delivery.id, {
          error,
          nextAttemptAt: error === null ? null : nextAttempt(delivery),
        })
        return error
      }),
    )
    const failed = errors.filter((error) => error !== null).length
    return { delivered: due.length - failed, failed }
  } finally {
    registry.close()
  }
}

/** Sends a test message now. @throws RECSYS_WEBHOOK_REFUSED with what the receiver said; RECSYS_WEBHOOK_UNKNOWN */
export async function sendTest(dataDir: string, webhookId: string): Promise<Delivery> {
  const registry = openRegistry(dataDir, { create: false })
  try {
    const delivery = registry.announceTest(webhookId)
    const error = await send(delivery)
    registry.endDelivery(delivery.id, { error, nextAttemptAt: null })
    if (error === null) return delivery
    throw new RecsysError('RECSYS_WEBHOOK_REFUSED', { message: `${delivery.url}: ${error}` })
  } finally {
    registry.close()
  }
}

function nextAttempt({ attempts }: Delivery): string | null {
  if (attempts >= retry.attempts) return null
  return new Date(Date.now() + backoffMs(retry, attempts, Math.random)).toISOString()
}

/** @returns what went wrong, null when it arrived */
async function send({ id, url, secret, body }: Delivery, signal?: AbortSignal): Promise<string | null> {
  const text = JSON.stringify(body)
  const timestamp = String(Math.floor(Date.now() / 1000))
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': `recsys/${programVersion()}`,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(secret, id, timestamp, text),
      },
      body: text,
      // Who is redirected could be led anywhere, with the message.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    await response.body?.cancel()
    return response.ok ? null : `answered ${response.status}, expected 2xx`
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { message?: string } }
    return timeout.aborted ? `did not answer within ${timeoutMs / 1000} s` : (cause?.message ?? message)
  }
}

function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
