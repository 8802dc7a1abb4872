import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { tableHistoryTable } from '../../src/cli/lake-tables.ts'
import { lakeTables, type TableVersion, tableHistory } from '../../src/pipeline/lake-queries.ts'

export default class LakeHistory extends BaseCommand {
  static override summary = 'the versions of a table, the newest first'

  static override examples = [
    '<%= config.bin %> lake history',
    '<%= config.bin %> lake history events --json',
  ]

  static override args = {
    table: Args.string({ description: 'which table', options: lakeTables, default: 'interactions' }),
  }

  async run(): Promise<{ versions: TableVersion[] }> {
    const { args, flags } = await this.parse(LakeHistory)
    const table = lakeTables.find((name) => name === args.table)!
    const versions = tableHistory(flags['data-dir'], table)
    this.print(tableHistoryTable(versions))
    return { versions }
  }
}
