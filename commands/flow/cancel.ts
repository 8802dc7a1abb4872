import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { cancelFlowRun, type FlowCancelled } from '../../src/pipeline/flow-queries.ts'

export default class FlowCancel extends BaseCommand {
  static override summary = 'end a running flow: its tasks are ended, and it can be resumed'

  static override examples = ['<%= config.bin %> flow cancel 0t5k']

  static override args = {
    run: Args.string({ description: 'flow run id, or the beginning of one', required: true }),
  }

  async run(): Promise<FlowCancelled> {
    const { args, flags } = await this.parse(FlowCancel)
    const cancelled = cancelFlowRun(flags['data-dir'], args.run)
    this.print(
      cancelled.asked
        ? `flow run ${cancelled.flowRunId} was asked to end`
        : `flow run ${cancelled.flowRunId} is not running`,
    )
    return cancelled
  }
}
