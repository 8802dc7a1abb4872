import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { type ListedKey, revokeKey } from '../../src/pipeline/api-keys.ts'

export default class KeysRevoke extends BaseCommand {
  static override summary = 'take a key of the HTTP API out of use, for good'

  static override examples = ['<%= config.bin %> keys revoke 0f3a5b7c9d1e']

  static override args = {
    id: Args.string({ description: 'as in `recsys keys list`', required: true }),
  }

  async run(): Promise<ListedKey & { changed: boolean }> {
    const { args, flags } = await this.parse(KeysRevoke)
    const revoked = revokeKey(flags['data-dir'], args.id)
    this.print(revoked.changed ? `${revoked.id} is revoked` : `${revoked.id} was revoked already`)
    return revoked
  }
}
