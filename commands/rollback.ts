import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { rollbackSummary } from '../src/cli/promotion-output.ts'
import { deliverDue } from '../src/flow/deliver-webhooks.ts'
import { type RollbackReport, rollback, type UndoReport, undoPromotion } from '../src/pipeline/rollback.ts'
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
    of: Flags.string({
      description: 'only the promotion that was made with this --once key, and only while it stands',
    }),
  }

  async run(): Promise<RollbackReport | UndoReport> {
    const { flags } = await this.parse(Rollback)
    const options = { dataDir: flags['data-dir'], name: flags.name, reason: flags.reason }
    if (flags.of !== undefined) {
      const undo = await undoPromotion({ ...options, onceKey: flags.of })
      this.print(undo.undone ? rollbackSummary(undo.undone) : `nothing to undo: ${undo.reason}`)
      return undo
    }
    const report = await rollback(options)
    await deliverDue(flags['data-dir'])
    this.print(rollbackSummary(report))
    return report
  }
}
