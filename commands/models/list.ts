import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { modelListTable } from '../../src/cli/model-tables.ts'
import { listModels, type ModelList } from '../../src/pipeline/model-queries.ts'

export default class ModelsList extends BaseCommand {
  static override summary = 'list the registered versions, the newest first'

  static override examples = [
    '<%= config.bin %> models list',
    '<%= config.bin %> models list --stage production',
    '<%= config.bin %> models list --name films --json',
  ]

  static override flags = {
    limit: Flags.integer({ description: 'at most so many', default: 100, min: 1, max: 1_000_000 }),
    name: Flags.string({ description: 'only the versions of this model' }),
    stage: Flags.option({
      description: 'only the versions in this stage',
      options: ['none', 'staging', 'production', 'archived'] as const,
    })(),
  }

  async run(): Promise<ModelList> {
    const { flags } = await this.parse(ModelsList)
    const list = listModels({
      ...{ dataDir: flags['data-dir'], name: flags.name, stage: flags.stage, limit: flags.limit },
    })
    this.print(modelListTable(list))
    return list
  }
}
