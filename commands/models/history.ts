import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { modelHistoryText } from '../../src/cli/model-tables.ts'
import { type ModelHistory, modelHistory } from '../../src/pipeline/model-queries.ts'

export default class ModelsHistory extends BaseCommand {
  static override summary =
    'tell what was promoted, refused, forced and rolled back, and who was in production when'

  static override examples = [
    '<%= config.bin %> models history',
    '<%= config.bin %> models history --name films --json',
  ]

  static override flags = {
    name: Flags.string({ description: 'only this model' }),
  }

  async run(): Promise<ModelHistory> {
    const { flags } = await this.parse(ModelsHistory)
    const history = modelHistory({ dataDir: flags['data-dir'], name: flags.name })
    this.print(modelHistoryText(history, new Date().toISOString()))
    return history
  }
}
