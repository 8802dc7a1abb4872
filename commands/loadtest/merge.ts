import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { loadReportTables } from '../../src/cli/load-tables.ts'
import { requireWritable, writeReports } from '../../src/loadtest/report-files.ts'
import { mergeReports } from '../../src/loadtest/reports/merge-reports.ts'
import { readReportFiles } from '../../src/loadtest/reports/report-file.ts'
import type { LoadReport } from '../../src/loadtest/types.ts'

export default class LoadtestMerge extends BaseCommand {
  static override summary = 'make one report of those of several machines that loaded a server side by side'

  static override description =
    `Histograms are added, so that percentiles are those of all requests together. Goals are
judged again; a missed one does not change the exit code.`

  static override examples = [
    '<%= config.bin %> loadtest merge a.json b.json --report all.json',
    '<%= config.bin %> loadtest merge *.json --report all.json --report all.html',
  ]

  static override strict = false

  static override args = {
    reports: Args.string({ description: 'JSON reports, two at least', required: true }),
  }

  static override flags = {
    report: Flags.string({ description: 'write FILE.json, .html or .csv', multiple: true, default: [] }),
  }

  async run(): Promise<LoadReport> {
    const { argv, flags } = await this.parse(LoadtestMerge)
    await requireWritable(flags.report)
    const report = mergeReports(await readReportFiles(argv as string[], 2))
    await writeReports(report, flags.report)
    this.print(loadReportTables(report))
    return report
  }
}
