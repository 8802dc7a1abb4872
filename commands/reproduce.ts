import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { threadsFlag } from '../src/cli/model-flags.ts'
import { reproductionSummary } from '../src/cli/reproduction-output.ts'
import { epochLines } from '../src/cli/train-output.ts'
import { parseVersion } from '../src/cli/version-text.ts'
import { type ReproductionReport, reproduce, requireIdentical } from '../src/pipeline/reproduce.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Reproduce extends BaseCommand {
  static override summary = 'train a version again from what was recorded, and compare the bytes'

  static override description =
    `From the lake version, split, parameters and seed of its run. Says identical, or what differs, and then exits
with 3. Registers nothing. The bytes are the same on one kind of machine, whatever the threads.`

  static override examples = [
    '<%= config.bin %> reproduce v3',
    '<%= config.bin %> reproduce --stage production --json',
  ]

  static override args = { version: Args.string({ description: '3 or v3 (default: the newest)' }) }

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    stage: Flags.option({
      description: 'the version in this stage',
      options: ['staging', 'production'] as const,
    })(),
    threads: threadsFlag,
  }

  async run(): Promise<ReproductionReport> {
    const { args, flags } = await this.parse(Reproduce)
    const version = parseVersion(args.version)
    const progress = this.progress('reading the registry')
    const epochLine = epochLines()
    const report = await reproduce({
      ...{ dataDir: flags['data-dir'], name: flags.name, stage: flags.stage, version },
      ...{ nThreads: flags.threads, signal: this.interruptSignal() },
      onProgress: progress.update,
      onEpoch: (epoch) => progress.update(epochLine(epoch)),
    })
    progress.succeed(report.identical ? 'identical' : 'not identical')
    this.print(reproductionSummary(report))
    requireIdentical(report)
    return report
  }
}
