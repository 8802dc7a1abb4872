import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { rollbackSummary } from '../src/cli/promotion-output.ts'
import { type RollbackReport, rollback } from '../src/pipeline/rollback.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Rollback extends BaseCommand {
  static override summary = 'put the previous production version back'

  static override description =
    `A second rollback goes further back, not forth again. The version's files are verified first.`

  static override examples = [
    '<%= config.bin %> rollback',
    '<%= config.bin %> rollback --name films --reason "click-through fell"',
  ]

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    reason: Flags.string({ description: 'for the audit trail', default: 'asked for' }),
  }

  async run(): Promise<RollbackReport> {
    const { flags } = await this.parse(Rollback)
    const report = await rollback({ dataDir: flags['data-dir'], name: flags.name, reason: flags.reason })
    this.print(rollbackSummary(report))
    return report
  }
}
