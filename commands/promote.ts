import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { onceFlag, threadsFlag } from '../src/cli/model-flags.ts'
import { promotionSummary } from '../src/cli/promotion-output.ts'
import { deliverDue } from '../src/flow/deliver-webhooks.ts'
import { policyFileName } from '../src/pipeline/policy/policy-file.ts'
import { baselineNames } from '../src/pipeline/policy/types.ts'
import { type PromotionReport, promote, requirePromotion } from '../src/pipeline/promote.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Promote extends BaseCommand {
  static override summary = 'put the best new model version into production if it beats the one there'

  static override description =
    `Challenger and champion are scored again, now, on the same held-out rows of the challenger's lake version.
Without a champion the challenger has to beat popularity. By default a lower RMSE wins. A policy can ask for more, by flags or by
<data-dir>/${policyFileName}: {"metric": "ndcg@10", "minGain": "1%", "confidence": 0.95, "mustBeat": ["popularity", "bias"],
"guards": ["rmse <= 1%", "coverage >= -5%", "p95LatencyMs <= 50"]}. Every clause is shown with its numbers and kept with the decision. A refusal is
written to the audit trail and exits with 3; --dry-run exits the same way and writes nothing.`

  static override examples = [
    '<%= config.bin %> promote',
    '<%= config.bin %> promote --metric ndcg@10 --min-gain 1%',
    '<%= config.bin %> promote --metric ndcg@10 --confidence 0.95 --guard "rmse <= 1%" --guard "p95LatencyMs <= 50"',
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
      description: 'what decides: rmse, mae, auc, or ndcg@10 and the like (default rmse)',
    }),
    'min-gain': Flags.string({
      description: "least gain, in the metric's unit or in % of the champion's value (default 0)",
    }),
    confidence: Flags.string({
      description: 'such as 0.95: the interval of the gain, by bootstrap over users, must lie above zero',
    }),
    guard: Flags.string({
      description:
        'once or more: a bound on another figure; with % on its change against the champion, such as "ndcg@10 >= -1%", else on its value, such as "p95LatencyMs <= 50" of an attached load test',
      multiple: true,
    }),
    'must-beat': Flags.option({
      description: 'once or more: a row that the challenger has to beat too',
      options: baselineNames,
      multiple: true,
    })(),
    policy: Flags.string({
      description: `policy file in place of <data-dir>/${policyFileName}; flags win over it, guards add up`,
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
    once: onceFlag('what was decided is reported and not decided anew'),
    threads: threadsFlag,
  }

  async run(): Promise<PromotionReport> {
    const { flags } = await this.parse(Promote)
    const progress = this.progress('choosing the challenger')
    const report = await promote({
      dataDir: flags['data-dir'],
      name: flags.name,
      stage: flags.to,
      policy: {
        metric: flags.metric,
        minGain: flags['min-gain'],
        confidence: flags.confidence,
        guards: flags.guard,
        mustBeat: flags['must-beat'],
      },
      policyFile: flags.policy,
      version: flags.version,
      runId: flags.run,
      force: flags.force,
      dryRun: flags['dry-run'],
      onceKey: flags.once,
      nThreads: flags.threads,
      signal: this.interruptSignal(),
      onProgress: progress.update,
    })
    progress.succeed('decided')
    this.print(promotionSummary(report))
    if (report.outcome !== 'refused' && !report.dryRun) await deliverDue(flags['data-dir'])
    requirePromotion(report)
    return report
  }
}
