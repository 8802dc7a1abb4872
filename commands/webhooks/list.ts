import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { webhookTables } from '../../src/cli/schedule-tables.ts'
import { listWebhooks, type WebhookList } from '../../src/pipeline/webhooks.ts'

export default class WebhooksList extends BaseCommand {
  static override summary = 'list the webhooks and what became of the last messages'

  static override examples = ['<%= config.bin %> webhooks list', '<%= config.bin %> webhooks list --json']

  static override flags = {
    limit: Flags.integer({ description: 'messages that are shown', default: 10, min: 0, max: 100_000 }),
  }

  async run(): Promise<WebhookList> {
    const { flags } = await this.parse(WebhooksList)
    const list = listWebhooks(flags['data-dir'], flags.limit)
    this.print(webhookTables(list))
    return list
  }
}
