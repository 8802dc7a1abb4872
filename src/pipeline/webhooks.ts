import type { Delivery, Webhook, WebhookEvent } from '../registry/schedule-types.ts'
import { withRegistry } from './read-registry.ts'

/** The `--json` document of `recsys webhooks list`. */
export interface WebhookList {
  readonly webhooks: readonly Webhook[]
  /** The last messages, the newest first, without secrets. */
  readonly deliveries: readonly Omit<Delivery, 'secret'>[]
}

export function listWebhooks(dataDir: string, limit: number): WebhookList {
  return withRegistry(dataDir, (registry) => ({
    webhooks: registry.webhooks(),
    deliveries: registry.deliveries(limit).map(({ secret: _, ...delivery }) => delivery),
  }))
}

export function addWebhook(
  dataDir: string,
  url: string,
  events: readonly WebhookEvent[],
): Webhook & { readonly secret: string } {
  return withRegistry(dataDir, (registry) => registry.addWebhook(url, events))
}

/** @throws RECSYS_WEBHOOK_UNKNOWN */
export function removeWebhook(dataDir: string, id: string): Webhook {
  return withRegistry(dataDir, (registry) => registry.removeWebhook(id))
}
