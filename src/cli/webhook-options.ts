import { RecsysError } from '../errors.ts'
import { type WebhookEvent, webhookEvents } from '../registry/schedule-types.ts'

/** @throws RECSYS_USAGE */
export function parseWebhookUrl(text: string): string {
  const url = URL.parse(text)
  const isHttp = url !== null && ['http:', 'https:'].includes(url.protocol)
  if (isHttp && url.username === '' && url.password === '') return text
  throw new RecsysError('RECSYS_USAGE', {
    message: `the address is ${JSON.stringify(text)}, expected http:// or https:// without a user name in it`,
    field: 'url',
  })
}

/** @throws RECSYS_USAGE */
export function parseWebhookEvents(text: string): WebhookEvent[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !webhookEvents.some((event) => event === name))
  if (unknown === undefined) return [...new Set(names)] as WebhookEvent[]
  throw new RecsysError('RECSYS_USAGE', {
    message: `--on has ${JSON.stringify(unknown)}, expected some of ${webhookEvents.join(', ')}`,
    field: 'on',
  })
}
