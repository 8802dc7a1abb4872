import type { Delivery, Webhook, WebhookEvent } from '../registry/schedule-types.ts'
import type { Registry } from '../registry/types.ts'
import { readRegistryOr, withRegistry } from './read-registry.ts'

/** The `--json` document of `recsys webhooks list`. */
export interface WebhookList {
  readonly webhooks: readonly Webhook[]
  /** The last messages, the newest first, without secrets. */
  readonly deliveries: readonly Omit<Delivery, 'secret'>[]
}

export function listWebhooks(dataDir: string, limit: number): WebhookList {
  const read = (registry: Registry) => ({
    webhooks: registry.webhooks(),
    deliveries: registry.deliveries(limit).map(({ secret: _, ...delivery }) => delivery),
  })
  return readRegistryOr(dataDir, read, { webhooks: [], deliveries: [] })
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
