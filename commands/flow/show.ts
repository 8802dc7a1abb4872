import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { flowDetailsText } from '../../src/cli/flow-tables.ts'
import { type FlowDetails, showFlowRun } from '../../src/pipeline/flow-queries.ts'

export default class FlowShow extends BaseCommand {
  static override summary = 'show what became of a run of a flow: tasks, attempts, log lines'

  static override examples = [
    '<%= config.bin %> flow show 0t5k',
    '<%= config.bin %> flow show 0t5k --logs --task train-svd',
  ]

  static override args = {
    run: Args.string({ description: 'flow run id, or the beginning of one', required: true }),
  }

  static override flags = {
    logs: Flags.boolean({ description: 'also what the tasks have said', default: false }),
    task: Flags.string({ description: 'log lines of this task only', dependsOn: ['logs'] }),
  }

  async run(): Promise<FlowDetails> {
    const { args, flags } = await this.parse(FlowShow)
    const { logs, task, 'data-dir': dataDir } = flags
    const details = showFlowRun({ dataDir, flowRunId: args.run, logs, task })
    this.print(flowDetailsText(details))
    return details
  }
}
