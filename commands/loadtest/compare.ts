import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { loadComparisonTable } from '../../src/cli/load-comparison-table.ts'
import { compareReports, type LoadComparison } from '../../src/loadtest/reports/compare-reports.ts'
import { readReportFile } from '../../src/loadtest/reports/report-file.ts'
import { requireSpeed } from '../../src/loadtest/reports/require-speed.ts'

export default class LoadtestCompare extends BaseCommand {
  static override summary = 'say what got slower from one load test to another, with intervals'

  static override description =
    `Spans of time of both runs are resampled, so that an interval knows how much a server varies
from second to second. A request is slower when an interval is wholly above zero.`

  static override examples = [
    '<%= config.bin %> loadtest compare before.json after.json',
    '<%= config.bin %> loadtest compare before.json after.json --fail-on-slower 5',
  ]

  static override args = {
    a: Args.string({ description: 'JSON report before', required: true }),
    b: Args.string({ description: 'JSON report after', required: true }),
  }

  static override flags = {
    'fail-on-slower': Flags.integer({
      description: 'exit 3 when a request is surely slower, and by more than PERCENT',
      helpValue: 'PERCENT',
      min: 0,
      max: 10_000,
    }),
    confidence: Flags.integer({
      description: 'of all intervals together, percent',
      default: 95,
      min: 50,
      max: 99,
    }),
    seed: Flags.integer({ description: 'of the resampling', default: 42 }),
  }

  async run(): Promise<LoadComparison> {
    const { args, flags } = await this.parse(LoadtestCompare)
    const [a, b] = [await readReportFile(args.a), await readReportFile(args.b)]
    const comparison = compareReports(a, b, { confidence: flags.confidence / 100, seed: flags.seed })
    this.print(loadComparisonTable(comparison))
    const percent = flags['fail-on-slower']
    if (percent !== undefined) requireSpeed(comparison, percent)
    return comparison
  }
}
