import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { crossValidationSummary, evaluationSummary } from '../src/cli/evaluation-output.ts'
import {
  algorithmFlag,
  defaultSeed,
  givenParams,
  lakeVersionFlag,
  listLengthFlag,
  parameterFlags,
  threadsFlag,
} from '../src/cli/model-flags.ts'
import { defaultSplit } from '../src/dataset/split-spec.ts'
import { type CrossValidationReport, crossValidate } from '../src/pipeline/cross-validate.ts'
import { type EvaluationReport, evaluateVersion } from '../src/pipeline/evaluate.ts'
import { defaultModelName } from '../src/registry/types.ts'

const subject = ['version', 'run', 'stage', 'algo']

export default class Evaluate extends BaseCommand {
  static override summary = 'score a registered version, or cross-validate an algorithm, on held-out ratings'

  static override description =
    `RMSE and MAE are of held-out ratings, predictions clipped to the scale. NDCG, recall, precision, MAP, MRR
and hit rate judge lists of k from the whole catalogue, training items left out; every held-out item of a user is relevant.
ndcg: binary gain, discount log2(rank + 1), ideal list cut at k. recall: hits / all relevant. precision: hits / k. map: precision
at each hit / min(k, relevant). mrr: 1 / rank of the first hit. coverage: share of the catalogue in any list.`

  static override examples = [
    '<%= config.bin %> evaluate --stage production',
    '<%= config.bin %> evaluate --version 3 -k 20',
    '<%= config.bin %> evaluate --algo svd --split kfold:5',
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
    k: listLengthFlag,
    'lake-version': lakeVersionFlag,
    threads: threadsFlag,
    algo: algorithmFlag({ exclusive: without('algo') }),
    ...parameterFlags(['algo']),
    split: Flags.string({
      description: `with --algo: hash:SHARE, random:SHARE, kfold:N or file:TRAIN,TEST (default ${defaultSplit})`,
      dependsOn: ['algo'],
    }),
    // A default would count as given: dependsOn could not tell the two apart.
    seed: Flags.integer({
      description: `with --algo: of the first factors and of the random splits (default ${defaultSeed})`,
      min: 0,
      max: 2 ** 32 - 1,
      dependsOn: ['algo'],
    }),
  }

  async run(): Promise<EvaluationReport | CrossValidationReport> {
    const { flags } = await this.parse(Evaluate)
    const progress = this.progress('evaluating')
    const common = {
      dataDir: flags['data-dir'],
      k: flags.k,
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
    const { name, version, run: runId, stage } = flags
    const report = await evaluateVersion({ ...common, name, version, runId, stage })
    progress.succeed(`evaluated ${report.name} v${report.version}`)
    this.print(evaluationSummary(report))
    return report
  }
}

function without(flag: string): string[] {
  return subject.filter((other) => other !== flag)
}
