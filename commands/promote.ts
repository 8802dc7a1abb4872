import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { threadsFlag } from '../src/cli/model-flags.ts'
import { promotionSummary } from '../src/cli/promotion-output.ts'
import { type PromotionReport, promote, requirePromotion } from '../src/pipeline/promote.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Promote extends BaseCommand {
  static override summary = 'put the best new model version into production if it beats the one there'

  static override description =
    `Challenger and champion are scored again, now, on the same held-out rows of the challenger's lake version.
Without a champion the challenger has to beat popularity. A refusal is written to the audit trail and exits with 3; --dry-run exits the same
way and writes nothing.`

  static override examples = [
    '<%= config.bin %> promote',
    '<%= config.bin %> promote --metric ndcg@10 --min-gain 1%',
    '<%= config.bin %> promote --version 3 --to staging --dry-run',
  ]

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    to: Flags.option({
      description: 'stage',
      options: ['staging', 'production'] as const,
      default: 'production',
    })(),
    metric: Flags.string({
      description: 'rmse, mae, or ndcg, recall, precision, map, mrr, hitRate, coverage with @k',
      default: 'rmse',
    }),
    'min-gain': Flags.string({
      description: "least gain, in the metric's unit or in % of the champion's value",
      default: '0',
    }),
    version: Flags.integer({
      description: 'the challenger (default: the best newer one)',
      min: 1,
      exclusive: ['run'],
    }),
    run: Flags.string({ description: 'the challenger by its run id, or the beginning of one' }),
    force: Flags.boolean({
      description: 'promote also what is not better; written down as forced',
      default: false,
    }),
    'dry-run': Flags.boolean({ description: 'decide and show, change nothing', default: false }),
    threads: threadsFlag,
  }

  async run(): Promise<PromotionReport> {
    const { flags } = await this.parse(Promote)
    const progress = this.progress('choosing the challenger')
    const report = await promote({
      dataDir: flags['data-dir'],
      name: flags.name,
      stage: flags.to,
      metric: flags.metric,
      minGain: flags['min-gain'],
      version: flags.version,
      runId: flags.run,
      force: flags.force,
      dryRun: flags['dry-run'],
      nThreads: flags.threads,
      signal: this.interruptSignal(),
      onProgress: progress.update,
    })
    progress.succeed('decided')
    this.print(promotionSummary(report))
    requirePromotion(report)
    return report
  }
}
