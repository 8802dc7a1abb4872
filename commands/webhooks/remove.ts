import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { removeWebhook } from '../../src/pipeline/webhooks.ts'
import type { Webhook } from '../../src/registry/schedule-types.ts'

export default class WebhooksRemove extends BaseCommand {
  static override summary = 'tell an address no more'

  static override examples = ['<%= config.bin %> webhooks remove 0t5k']

  static override args = {
    id: Args.string({ description: 'its id, or the beginning of one', required: true }),
  }

  async run(): Promise<Webhook> {
    const { args, flags } = await this.parse(WebhooksRemove)
    const webhook = removeWebhook(flags['data-dir'], args.id)
    this.print(`${webhook.url} is told no more`)
    return webhook
  }
}
