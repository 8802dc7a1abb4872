import { BaseCommand } from '../../src/cli/base-command.ts'
import { printable, showTime } from '../../src/cli/registry-text.ts'
import { renderTable } from '../../src/cli/table.ts'
import { type ListedKey, listKeys } from '../../src/pipeline/api-keys.ts'

export default class KeysList extends BaseCommand {
  static override summary = 'list the keys of the HTTP API'

  static override examples = ['<%= config.bin %> keys list', '<%= config.bin %> keys list --json']

  async run(): Promise<{ keys: ListedKey[] }> {
    const { flags } = await this.parse(KeysList)
    const keys = listKeys(flags['data-dir'])
    const rows = keys.map(({ id, label, scopes, createdAt, revokedAt }) => {
      return [id, printable(label), scopes.join(', '), showTime(createdAt), showTime(revokedAt)]
    })
    this.print(renderTable(['id', 'label', 'scopes', 'created (UTC)', 'revoked (UTC)'], rows))
    return { keys }
  }
}
