import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseDuration } from '../../src/loadtest/duration.ts'
import { lakeTables, type Vacuumed, vacuumTable } from '../../src/pipeline/lake-queries.ts'

export default class LakeVacuum extends BaseCommand {
  static override summary = 'delete data files that only old versions of a table have'

  static override description =
    `Versions from before the retention can no longer be read afterwards: neither trained on nor reproduced. A retention shorter
than the longest import or flush may take files from one that is running. Look with --dry-run first.`

  static override examples = [
    '<%= config.bin %> lake vacuum events --dry-run',
    '<%= config.bin %> lake vacuum events --retention 168h',
  ]

  static override args = {
    table: Args.string({ description: 'which table', options: lakeTables, required: true }),
  }

  static override flags = {
    retention: Flags.string({
      description: 'keep what was removed within this time',
      default: '168h',
    }),
    'dry-run': Flags.boolean({ description: 'delete nothing, say what would be', default: false }),
  }

  async run(): Promise<Vacuumed> {
    const { args, flags } = await this.parse(LakeVacuum)
    const table = lakeTables.find((name) => name === args.table)!
    const limits = { field: 'retention', minMs: 0, maxMs: 10 * 366 * 86_400_000 }
    const retentionMs = parseDuration(flags.retention, limits)
    const vacuumed = await vacuumTable(flags['data-dir'], table, retentionMs, flags['dry-run'])
    const { files, bytes, deleted } = vacuumed
    const size = `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`
    this.print(deleted ? `deleted ${size}` : [...files, `would delete ${size}`].join('\n'))
    return vacuumed
  }
}
