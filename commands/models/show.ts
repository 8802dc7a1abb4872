import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { modelDetailsText } from '../../src/cli/model-tables.ts'
import { parseVersion } from '../../src/cli/version-text.ts'
import { type ModelDetails, showModel } from '../../src/pipeline/model-queries.ts'
import { defaultModelName } from '../../src/registry/types.ts'

export default class ModelsShow extends BaseCommand {
  static override summary = 'show a version: its run, metrics, history, and whether its files are sound'

  static override examples = [
    '<%= config.bin %> models show',
    '<%= config.bin %> models show v3',
    '<%= config.bin %> models show --stage production --name films',
  ]

  static override args = { version: Args.string({ description: '3 or v3 (default: the newest)' }) }

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    stage: Flags.option({
      description: 'the version in this stage',
      options: ['staging', 'production'] as const,
    })(),
  }

  async run(): Promise<ModelDetails> {
    const { args, flags } = await this.parse(ModelsShow)
    const { name, stage, 'data-dir': dataDir } = flags
    const details = await showModel({ dataDir, name, stage, version: parseVersion(args.version) })
    this.print(modelDetailsText(details))
    return details
  }
}
