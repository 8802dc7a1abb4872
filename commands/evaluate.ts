import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { comparisonSummary } from '../src/cli/comparison-output.ts'
import { crossValidationSummary, evaluationSummary } from '../src/cli/evaluation-output.ts'
import { requireWritablePage, writingPage } from '../src/cli/evaluation-page/page-file.ts'
import { explainMetrics, explanationText, type MetricExplanations } from '../src/cli/explain-metrics.ts'
import {
  algorithmFlag,
  defaultSeed,
  givenParams,
  lakeVersionFlag,
  listLengthsFlag,
  parameterFlags,
  threadsFlag,
} from '../src/cli/model-flags.ts'
import { defaultSplit, splitForms } from '../src/dataset/split-spec.ts'
import { parseLengths } from '../src/metrics/catalogue.ts'
import { type ComparisonReport, compareVersions } from '../src/pipeline/compare-versions.ts'
import { type CrossValidationReport, crossValidate } from '../src/pipeline/cross-validate.ts'
import { type EvaluationReport, evaluateVersion, subjectText } from '../src/pipeline/evaluate.ts'
import { defaultConfidence, parseConfidence } from '../src/pipeline/metric-order.ts'
import { compareInDetail, evaluateInDetail } from '../src/pipeline/report/details.ts'
import { defaultModelName } from '../src/registry/types.ts'

const subject = ['version', 'run', 'stage', 'algo']

export default class Evaluate extends BaseCommand {
  static override summary = 'score a registered version, or cross-validate an algorithm, on held-out ratings'

  static override description =
    `RMSE and MAE are of held-out ratings, predictions clipped to the scale. All other metrics judge lists of k from the whole
catalogue, training items left out; every held-out item of a user is relevant. --explain-metrics prints the formulas.
A version that has learnt from held-out rows is not scored.`

  static override examples = [
    '<%= config.bin %> evaluate --stage production',
    '<%= config.bin %> evaluate --version 3 -k 5,10,20 --segments',
    '<%= config.bin %> evaluate --version 4 --compare production --metric ndcg@10 --metric rmse',
    '<%= config.bin %> evaluate --compare production --report report.html',
    '<%= config.bin %> evaluate --algo svd --split kfold:5',
    '<%= config.bin %> evaluate --algo ease --split users:0.1',
    '<%= config.bin %> evaluate --explain-metrics',
  ]

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    version: Flags.integer({
      description: 'version (default: the newest)',
      min: 1,
      exclusive: without('version'),
    }),
    run: Flags.string({ description: 'run id, or the beginning of one', exclusive: without('run') }),
    stage: Flags.option({
      description: 'the version in this stage',
      options: ['staging', 'production'] as const,
      exclusive: without('stage'),
    })(),
    k: listLengthsFlag,
    segments: Flags.boolean({
      description:
        'also by activity of the users, popularity and category of the items, and cold beside warm ones',
      default: false,
      exclusive: ['algo'],
    }),
    sampled: Flags.integer({
      description:
        'also the figures of the NCF protocol, among so many sampled items; only to compare with papers',
      min: 1,
      max: 100_000,
    }),
    'explain-metrics': Flags.boolean({ description: 'print the formula of every metric', default: false }),
    'lake-version': lakeVersionFlag,
    threads: threadsFlag,
    algo: algorithmFlag({ exclusive: without('algo') }),
    ...parameterFlags(['algo']),
    split: Flags.string({
      description: `with --algo: ${splitForms} (default ${defaultSplit})`,
      dependsOn: ['algo'],
    }),
    compare: Flags.string({
      description:
        'compare user by user with production, staging, another version (v3) or run: gain, interval, p, wins and losses',
      exclusive: ['algo'],
    }),
    metric: Flags.string({
      description:
        'with --compare: what to compare by, once or more (default rmse, ndcg and recall at each k)',
      multiple: true,
      dependsOn: ['compare'],
    }),
    confidence: Flags.string({
      description: `with --compare: of the intervals (default ${defaultConfidence})`,
      dependsOn: ['compare'],
    }),
    report: Flags.string({
      description:
        'also write FILE.html: one page with tables, intervals, curves, segments and example recommendations',
      exclusive: ['algo', 'explain-metrics'],
    }),
    // A default would count as given: nobody could tell the two apart.
    seed: Flags.integer({
      description: `with --algo: of the first factors and of the random splits; with --compare: of the resampling (default ${defaultSeed})`,
      min: 0,
      max: 2 ** 32 - 1,
      relationships: [{ type: 'some', flags: ['algo', 'compare'] }],
    }),
  }

  async run(): Promise<EvaluationReport | CrossValidationReport | ComparisonReport | MetricExplanations> {
    const { flags } = await this.parse(Evaluate)
    if (flags['explain-metrics']) {
      this.print(explanationText(explainMetrics()))
      return explainMetrics()
    }
    const progress = this.progress('evaluating')
    const common = {
      dataDir: flags['data-dir'],
      ks: parseLengths(flags.k),
      sampled: flags.sampled,
      lakeVersion: flags['lake-version'],
      nThreads: flags.threads,
      signal: this.interruptSignal(),
      onProgress: progress.update,
    }
    if (flags.algo !== undefined) {
      const { algo: algorithm, split = defaultSplit, seed = defaultSeed } = flags
      const report = await crossValidate({ ...common, algorithm, params: givenParams(flags), split, seed })
      progress.succeed(`cross-validated ${algorithm}`)
      this.print(crossValidationSummary(report))
      return report
    }
    await requireWritablePage(flags.report)
    const { name, version, run: runId, stage, segments, compare: against } = flags
    const confidence = parseConfidence(flags.confidence ?? defaultConfidence)
    if (against !== undefined) {
      const { metric: metrics, seed = defaultSeed } = flags
      const choice = { ...common, name, version, runId, stage, against, metrics, seed, confidence }
      const report = await writingPage(flags.report, compareVersions, compareInDetail)(choice)
      progress.succeed(`compared ${name} v${report.challenger.version} with v${report.champion.version}`)
      this.print(comparisonSummary(report))
      return report
    }
    const choice = { ...common, name, version, runId, stage, segments, confidence }
    const report = await writingPage(flags.report, evaluateVersion, evaluateInDetail)(choice)
    progress.succeed(`evaluated ${subjectText(report)}`)
    this.print(evaluationSummary(report))
    return report
  }
}

function without(flag: string): string[] {
  return subject.filter((other) => other !== flag)
}
