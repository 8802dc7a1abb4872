import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseShare } from '../../src/cli/share-text.ts'
import { trialText } from '../../src/cli/trial-text.ts'
import { RecsysError } from '../../src/errors.ts'
import { startTrial } from '../../src/pipeline/trials.ts'
import { defaultModelName, type ModelTrial } from '../../src/registry/types.ts'

export default class TrialStart extends BaseCommand {
  static override summary = 'try a version out on live requests, beside the one in production'

  static override description =
    `As a canary some users get the version's answers, always the same ones; in the shadow it is asked too, after the answer has gone
out, and nobody sees what it says. Running servers take part within moments. A version that breaks the limits of \`recsys serve\` is taken
back by itself. A promotion of the version ends its trial; \`recsys trial stop\` ends it without.`

  static override examples = [
    '<%= config.bin %> trial start --version 4 --canary 5%',
    '<%= config.bin %> trial start --version 4 --shadow 100%',
  ]

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    version: Flags.integer({ description: 'the version to try out', required: true, min: 1 }),
    canary: Flags.string({ description: 'share of the users, such as 5%', exclusive: ['shadow'] }),
    shadow: Flags.string({ description: 'share of the requests, such as 100%' }),
    reason: Flags.string({ description: 'for the audit trail', default: 'asked for' }),
  }

  async run(): Promise<ModelTrial> {
    const { flags } = await this.parse(TrialStart)
    const { name, version, canary, shadow, reason } = flags
    const text = canary ?? shadow
    if (text === undefined) {
      throw new RecsysError('RECSYS_USAGE', {
        message: 'neither --canary nor --shadow is given, expected one of them with a share such as 5%',
        field: 'canary',
      })
    }
    const mode = canary === undefined ? 'shadow' : 'canary'
    const share = parseShare(text, mode)
    const trial = await startTrial({ dataDir: flags['data-dir'], name, version, mode, share, reason })
    this.print(trialText(trial))
    return trial
  }
}
