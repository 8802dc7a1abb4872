import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import {
  algorithmFlag,
  givenParams,
  lakeVersionFlag,
  listLengthFlag,
  parameterFlags,
  seedFlag,
  threadsFlag,
} from '../src/cli/model-flags.ts'
import { tagsFrom } from '../src/cli/tags.ts'
import { epochLines, trainSummary } from '../src/cli/train-output.ts'
import { defaultSplit } from '../src/dataset/split-spec.ts'
import { type TrainReport, train } from '../src/pipeline/train.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Train extends BaseCommand {
  static override summary = 'fit a model on the lake, score it on held-out ratings and register it'

  static override description =
    `The same lake version, flags and seed give the same bytes, whatever the threads.
With --split kfold:N the first of the N parts is held out; \`recsys evaluate --algo\` goes through all of them. The catalogue is the
items that have ratings. An interrupted run is marked as killed and registers nothing.`

  static override examples = [
    '<%= config.bin %> train --algo svd',
    '<%= config.bin %> train --algo nmf --factors 40 --epochs 20 --seed 7 --split random:0.2',
    '<%= config.bin %> train --algo svd --name films --lake-version 3 --tag ticket=REC-12',
  ]

  static override flags = {
    algo: algorithmFlag({ required: true }),
    ...parameterFlags(),
    split: Flags.string({
      description: 'hash:SHARE (stable as the lake grows), random:SHARE, kfold:N or file:TRAIN,TEST',
      default: defaultSplit,
    }),
    seed: seedFlag,
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    k: listLengthFlag,
    'lake-version': lakeVersionFlag,
    threads: threadsFlag,
    tag: Flags.string({ description: 'key=value, kept with the run', multiple: true, default: [] }),
  }

  async run(): Promise<TrainReport> {
    const { flags } = await this.parse(Train)
    const progress = this.progress(`training ${flags.algo}`)
    const epochLine = epochLines()
    const report = await train({
      dataDir: flags['data-dir'],
      algorithm: flags.algo,
      params: givenParams(flags),
      seed: flags.seed,
      split: flags.split,
      name: flags.name,
      lakeVersion: flags['lake-version'],
      k: flags.k,
      tags: tagsFrom(flags.tag),
      nThreads: flags.threads,
      signal: this.interruptSignal(),
      onProgress: progress.update,
      onEpoch: (epoch) => progress.update(epochLine(epoch)),
    })
    progress.succeed(`trained ${report.name} v${report.version}`)
    this.print(trainSummary(report))
    return report
  }
}
