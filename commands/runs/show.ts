import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { runDetailsText } from '../../src/cli/run-tables.ts'
import { type RunDetails, showRun } from '../../src/pipeline/run-queries.ts'

export default class RunsShow extends BaseCommand {
  static override summary = 'show a run: parameters, metrics, durations, tags and its curve by epoch'

  static override examples = [
    '<%= config.bin %> runs show 0t5k2q',
    '<%= config.bin %> runs show 0t5k2q9xvm4a --json',
  ]

  static override args = {
    run: Args.string({ description: 'run id, or the beginning of one', required: true }),
  }

  async run(): Promise<RunDetails> {
    const { args, flags } = await this.parse(RunsShow)
    const details = showRun({ dataDir: flags['data-dir'], runId: args.run })
    this.print(runDetailsText(details))
    return details
  }
}
