import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { endTrial } from '../../src/pipeline/trials.ts'
import { defaultModelName } from '../../src/registry/types.ts'

export default class TrialStop extends BaseCommand {
  static override summary = 'end the trial of a version'

  static override examples = ['<%= config.bin %> trial stop --reason "overlap too small"']

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    reason: Flags.string({ description: 'for the audit trail', default: 'asked for' }),
  }

  async run(): Promise<{ name: string; version: number | null }> {
    const { flags } = await this.parse(TrialStop)
    const { name, reason } = flags
    const ended = await endTrial({ dataDir: flags['data-dir'], name, reason })
    this.print(ended ? `the trial of ${name} v${ended.version} ended` : `${name} has no version on trial`)
    return { name, version: ended?.version ?? null }
  }
}
