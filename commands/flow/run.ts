import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { type FlowPlan, flowFlags, paramsFrom } from '../../src/cli/flow-options.ts'
import { runOrPlan } from '../../src/cli/flow-running.ts'
import { readFlow } from '../../src/flow/read-flow.ts'
import type { FlowReport } from '../../src/flow/run-flow.ts'

export default class FlowRun extends BaseCommand {
  static override summary =
    'run a flow of your own: tasks that are recsys or shell commands, with retries, a cache and resumption'

  static override description =
    `FILE is YAML or a module (.ts, .js) whose default export is the flow. Every task, attempt and log line is kept in the registry.
A flow that fails exits with 4, one that was interrupted with 130; both can be resumed.`

  static override examples = [
    '<%= config.bin %> flow run nightly.yaml',
    '<%= config.bin %> flow run nightly.yaml --param algo=als --dry-run',
    '<%= config.bin %> flow run nightly.yaml --from evaluate',
  ]

  static override args = { file: Args.string({ description: 'the flow', required: true }) }

  static override flags = {
    ...flowFlags,
    param: Flags.string({
      description: 'name=value, of a parameter of the flow',
      multiple: true,
      default: [],
    }),
  }

  async run(): Promise<FlowReport | FlowPlan> {
    const { args, flags } = await this.parse(FlowRun)
    const flow = readFlow(args.file, paramsFrom(flags.param))
    return runOrPlan(flow, flags, this.interruptSignal(), (text) => this.print(text))
  }
}
