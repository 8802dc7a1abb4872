import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseWebhookEvents, parseWebhookUrl } from '../../src/cli/webhook-options.ts'
import { addWebhook } from '../../src/pipeline/webhooks.ts'
import type { Webhook } from '../../src/registry/schedule-types.ts'

export default class WebhooksAdd extends BaseCommand {
  static override summary =
    'tell an address when a flow has succeeded or failed, or a version went into production'

  static override description =
    `A POST with JSON, signed as the Standard Webhooks specification says (webhook-id, webhook-timestamp, webhook-signature): the secret is
shown once, here. What is not answered with 2xx is sent again for about two days, by whoever runs a flow or a scheduler.`

  static override examples = [
    '<%= config.bin %> webhooks add https://ci.example/hooks/recsys',
    '<%= config.bin %> webhooks add http://127.0.0.1:9000/ --on failure,promotion',
  ]

  static override args = { url: Args.string({ description: 'the address', required: true }) }

  static override flags = {
    on: Flags.string({
      description: 'what it is told of, separated by commas',
      default: 'success,failure,promotion',
    }),
  }

  async run(): Promise<Webhook & { readonly secret: string }> {
    const { args, flags } = await this.parse(WebhooksAdd)
    const webhook = addWebhook(flags['data-dir'], parseWebhookUrl(args.url), parseWebhookEvents(flags.on))
    this.print(
      `webhook ${webhook.id}: ${webhook.url} is told of ${webhook.events.join(', ')}\nsecret, shown once: ${webhook.secret}`,
    )
    return webhook
  }
}
