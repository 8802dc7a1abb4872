import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { sendTest } from '../../src/flow/deliver-webhooks.ts'

export default class WebhooksTest extends BaseCommand {
  static override summary = 'send a test message now'

  static override examples = ['<%= config.bin %> webhooks test 0t5k']

  static override args = {
    id: Args.string({ description: 'its id, or the beginning of one', required: true }),
  }

  async run(): Promise<{ readonly id: string; readonly url: string }> {
    const { args, flags } = await this.parse(WebhooksTest)
    const { id, url } = await sendTest(flags['data-dir'], args.id)
    this.print(`${url} has accepted ${id}`)
    return { id, url }
  }
}
