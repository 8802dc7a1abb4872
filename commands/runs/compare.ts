import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { runComparisonText } from '../../src/cli/run-tables.ts'
import { compareRuns, type RunComparison } from '../../src/pipeline/run-queries.ts'

export default class RunsCompare extends BaseCommand {
  static override summary = 'put two runs side by side'

  static override description = 'The difference is of the second to the first.'

  static override examples = ['<%= config.bin %> runs compare 0t5k2q 0t5k9w']

  static override args = {
    first: Args.string({ description: 'run id, or the beginning of one', required: true }),
    second: Args.string({ description: 'run id, or the beginning of one', required: true }),
  }

  async run(): Promise<RunComparison> {
    const { args, flags } = await this.parse(RunsCompare)
    const comparison = compareRuns({ dataDir: flags['data-dir'], runIds: [args.first, args.second] })
    this.print(runComparisonText(comparison))
    return comparison
  }
}
