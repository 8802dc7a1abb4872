import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { modelListTable } from '../../src/cli/model-tables.ts'
import { type Registration, registerRuns } from '../../src/pipeline/register-runs.ts'
import { defaultModelName } from '../../src/registry/types.ts'

export default class ModelsRegister extends BaseCommand {
  static override summary = 'make versions of runs that were trained with --no-register'

  static override description =
    `Numbered in the order they are named, in one transaction. A run that has a version keeps it, so that the same call may be
made again.`

  static override examples = [
    '<%= config.bin %> models register 0t5k2q',
    '<%= config.bin %> models register 0t5k2q 0t5k3b --name films',
  ]

  static override strict = false
  static override args = {
    run: Args.string({ description: 'run id, or the beginning of one; several are allowed', required: true }),
  }

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
  }

  async run(): Promise<Registration> {
    const { flags, argv } = await this.parse(ModelsRegister)
    const registration = registerRuns({
      dataDir: flags['data-dir'],
      name: flags.name,
      runIds: argv as string[],
    })
    this.print(modelListTable(registration))
    return registration
  }
}
