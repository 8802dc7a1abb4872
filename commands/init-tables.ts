import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { importTable } from '../src/cli/import-table.ts'
import { type InitTablesReport, initTables } from '../src/pipeline/init-tables.ts'
import { initTablesOptions, sampleDefaults } from '../src/pipeline/init-tables-options.ts'

export default class InitTables extends BaseCommand {
  static override summary = 'create the lake: from ratings files, or with a generated sample'
  static override description =
    'Reads CSV, TSV, JSON lines and Parquet, gzipped or not, and MovieLens folders (100K, 1M, 10M, latest). Of repeated (user, item) pairs the latest stays. Rows that cannot be right are set aside in <data-dir>/lake/rejects with line number and reason. Timestamps are unix seconds, milliseconds or ISO 8601 (UTC where no offset is given); 0 and empty mean unknown.'
  static override examples = [
    '<%= config.bin %> init-tables',
    '<%= config.bin %> init-tables --from ml-latest-small',
    "<%= config.bin %> init-tables --from 'exports/*.csv.gz' --columns user=uid,item=sku,rating=stars,timestamp=at",
    '<%= config.bin %> init-tables --from new.parquet --append --rating-range 0.5..5',
    '<%= config.bin %> init-tables --users 500 --items 200 --interactions 20000 --seed 7 --overwrite',
  ]
  static override flags = {
    from: Flags.string({
      description: 'ratings file, folder or quoted glob; without it a sample is generated',
    }),
    columns: Flags.string({
      description:
        'names or positions (from 1) of the columns: user=…,item=…,rating=…,timestamp=… [default: well-known names]',
    }),
    delimiter: Flags.string({
      description: "what stands between fields, such as ';' or '\\t' [default: guessed]",
    }),
    'items-file': Flags.string({ description: 'file with item_id, title and categories (separated by |)' }),
    'rating-range': Flags.string({
      description: 'least and greatest rating, such as 0.5..5 [default: any finite number]',
    }),
    'max-rejects': Flags.string({
      description: 'share of the rows that may be set aside, such as 1% or 0.01 [default: 1%]',
    }),
    append: Flags.boolean({
      description: 'add to existing tables; a new row replaces an older one',
      default: false,
    }),
    overwrite: Flags.boolean({
      description: 'replace existing tables; older versions stay readable',
      default: false,
    }),
    users: Flags.integer({ description: `users of the sample [default: ${sampleDefaults.users}]`, min: 1 }),
    items: Flags.integer({ description: `items of the sample [default: ${sampleDefaults.items}]`, min: 1 }),
    interactions: Flags.integer({
      description: 'ratings of the sample [default: a tenth of all pairs]',
      min: 1,
    }),
    seed: Flags.integer({ description: `seed of the sample [default: ${sampleDefaults.seed}]`, min: 0 }),
  }

  async run(): Promise<InitTablesReport> {
    const { flags } = await this.parse(InitTables)
    const progress = this.progress('opening the lake')
    const report = await initTables(
      initTablesOptions(flags, { signal: this.interruptSignal(), onPhase: progress.update }),
    )
    progress.succeed('the lake is ready')
    this.print(importTable(report))
    this.print('Next: recsys train --algo svd')
    return report
  }
}
