import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { flowListTable } from '../../src/cli/flow-tables.ts'
import { type FlowList as List, listFlowRuns } from '../../src/pipeline/flow-queries.ts'

export default class FlowList extends BaseCommand {
  static override summary = 'list the runs of flows, the newest first'

  static override examples = [
    '<%= config.bin %> flow list',
    '<%= config.bin %> flow list --state failed --json',
  ]

  static override flags = {
    limit: Flags.integer({ description: 'at most so many', default: 20, min: 1, max: 1_000_000 }),
    flow: Flags.string({ description: 'only runs of this flow' }),
    state: Flags.option({
      description: 'only runs in this state',
      options: ['running', 'succeeded', 'failed', 'cancelled', 'crashed'] as const,
    })(),
  }

  async run(): Promise<List> {
    const { flags } = await this.parse(FlowList)
    const { limit, flow, state, 'data-dir': dataDir } = flags
    const list = listFlowRuns({ dataDir, limit, flow, state })
    this.print(flowListTable(list))
    return list
  }
}
