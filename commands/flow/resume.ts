import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { showFlow } from '../../src/cli/flow-display.ts'
import { flowFlags } from '../../src/cli/flow-options.ts'
import { runShown } from '../../src/cli/flow-running.ts'
import type { FlowReport } from '../../src/flow/run-flow.ts'

export default class FlowResume extends BaseCommand {
  static override summary = 'go on with a flow that crashed, failed or was cancelled'

  static override description =
    `Under its id, with the plan it had: what succeeded is not run again, and an interrupted training goes on from its last
checkpoint.`

  static override examples = [
    '<%= config.bin %> flow resume 0t5k',
    '<%= config.bin %> flow resume 0t5k --from promote',
  ]

  static override args = {
    run: Args.string({ description: 'flow run id, or the beginning of one', required: true }),
  }

  static override flags = {
    from: flowFlags.from,
    cache: flowFlags.cache,
    cause: flowFlags.cause,
  }

  async run(): Promise<FlowReport> {
    const { args, flags } = await this.parse(FlowResume)
    const report = await runShown({
      ...{ flags, resume: args.run, from: flags.from, signal: this.interruptSignal() },
      display: showFlow({ silent: flags.quiet }),
      print: (text) => this.print(text),
    })
    return report
  }
}
