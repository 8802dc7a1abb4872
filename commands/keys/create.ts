import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { type CreatedKey, createKey } from '../../src/pipeline/api-keys.ts'
import { keyScopes } from '../../src/registry/types.ts'

export default class KeysCreate extends BaseCommand {
  static override summary = 'make a key of the HTTP API'

  static override description =
    `Prints the key, once: the registry keeps only its SHA-256. A server started with --require-keys knows it within seconds.
Scopes: read (recommendations, items, users, metrics), events (POST /events), admin.`

  static override examples = [
    '<%= config.bin %> keys create --label web --scope read --scope events',
    'KEY=$(<%= config.bin %> keys create --label ci --scope admin --json | jq -r .key)',
  ]

  static override flags = {
    label: Flags.string({ description: 'who uses it', required: true }),
    scope: Flags.option({
      description: 'what it may do; repeated for several',
      options: keyScopes,
      multiple: true,
      default: ['read'],
    })(),
  }

  async run(): Promise<CreatedKey> {
    const { flags } = await this.parse(KeysCreate)
    const created = createKey(flags['data-dir'], flags.label, flags.scope)
    this.print(
      `${created.key}\nIt is shown this once. Scopes: ${created.scopes.join(', ')}; id ${created.id}.`,
    )
    return created
  }
}
