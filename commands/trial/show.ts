import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { trialText } from '../../src/cli/trial-text.ts'
import { presentTrial } from '../../src/pipeline/trials.ts'
import { defaultModelName, type ModelTrial } from '../../src/registry/types.ts'

export default class TrialShow extends BaseCommand {
  static override summary = 'show which version is tried out on live requests'

  static override examples = ['<%= config.bin %> trial show']

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
  }

  async run(): Promise<{ trial: ModelTrial | null }> {
    const { flags } = await this.parse(TrialShow)
    const trial = presentTrial(flags['data-dir'], flags.name)
    this.print(trial ? trialText(trial) : `${flags.name} has no version on trial`)
    return { trial }
  }
}
