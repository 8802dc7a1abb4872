import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { predictionCsv, predictionTable } from '../src/cli/prediction-output.ts'
import { RecsysError } from '../src/errors.ts'
import { type PredictionReport, type PredictQuestion, predictRatings } from '../src/pipeline/predict.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Predict extends BaseCommand {
  static override summary = 'predict ratings by a registered version, and how sure they are'

  static override description =
    `Ratings are clipped to the scale. svd by its default solver samples from the posterior, so that it also tells the standard
deviation of the rating to come: what its samples disagree by, and the noise of this user and item. Somebody or something that
the model does not know is predicted by what is left: the item, the user, or the mean.`

  static override examples = [
    '<%= config.bin %> predict u42 i7',
    '<%= config.bin %> predict --pairs pairs.csv --csv > predictions.csv',
    '<%= config.bin %> predict u42 i7 --stage production --json',
  ]

  static override args = {
    user: Args.string({ description: 'user id' }),
    item: Args.string({ description: 'item id' }),
  }

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    version: Flags.integer({
      description: 'version (default: the newest)',
      min: 1,
      exclusive: ['run', 'stage'],
    }),
    run: Flags.string({ description: 'run id, or the beginning of one', exclusive: ['version', 'stage'] }),
    stage: Flags.option({
      description: 'the version in this stage',
      options: ['staging', 'production'] as const,
      exclusive: ['version', 'run'],
    })(),
    pairs: Flags.string({
      description: 'file of pairs: user and item in the first two columns of CSV, TSV or :: text',
    }),
    csv: Flags.boolean({ description: 'print CSV instead of a table', default: false }),
  }

  async run(): Promise<PredictionReport> {
    const { args, flags } = await this.parse(Predict)
    const { 'data-dir': dataDir, name, version, run: runId, stage, pairs, csv } = flags
    const question = questionOf(args, pairs)
    const report = await predictRatings({ dataDir, name, version, runId, stage, question })
    this.print(csv ? predictionCsv(report) : predictionTable(report))
    return report
  }
}

function questionOf(
  { user, item }: { readonly user?: string | undefined; readonly item?: string | undefined },
  pairsPath: string | undefined,
): PredictQuestion {
  if (pairsPath !== undefined && user === undefined) return { pairsPath }
  if (pairsPath === undefined && user !== undefined && item !== undefined) {
    return { userId: user, itemId: item }
  }
  throw new RecsysError('RECSYS_USAGE', {
    message: 'expected either a user and an item, or --pairs FILE',
    field: 'pairs',
  })
}
