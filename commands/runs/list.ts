import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { runListTable } from '../../src/cli/run-tables.ts'
import { listRuns, type RunList } from '../../src/pipeline/run-queries.ts'

export default class RunsList extends BaseCommand {
  static override summary = 'list the training runs, the newest first'

  static override examples = [
    '<%= config.bin %> runs list',
    '<%= config.bin %> runs list --status failed --limit 5',
    '<%= config.bin %> runs list --algo svd --json',
    '<%= config.bin %> runs list --study 0t5k2q',
  ]

  static override flags = {
    limit: Flags.integer({ description: 'at most so many', default: 20, min: 1, max: 1_000_000 }),
    algo: Flags.string({ description: 'only runs of this algorithm' }),
    status: Flags.option({
      description: 'only runs of this status',
      options: ['running', 'finished', 'failed', 'killed'] as const,
    })(),
    study: Flags.string({
      description:
        'the trials of this `recsys tune`, by its run id or the beginning of one (default: no trials)',
    }),
  }

  async run(): Promise<RunList> {
    const { flags } = await this.parse(RunsList)
    const { limit, algo: algorithm, status, study, 'data-dir': dataDir } = flags
    const list = listRuns({ dataDir, limit, algorithm, status, study })
    this.print(runListTable(list))
    return list
  }
}
