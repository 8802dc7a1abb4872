import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import {
  algorithmFlag,
  givenParams,
  lakeVersionFlag,
  listLengthFlag,
  onceFlag,
  parameterFlags,
  seedFlag,
  threadsFlag,
} from '../src/cli/model-flags.ts'
import { tagsFrom } from '../src/cli/tags.ts'
import { trainAllSummary } from '../src/cli/train-all-output.ts'
import { epochLines, trainSummary } from '../src/cli/train-output.ts'
import { defaultSplit, splitForms } from '../src/dataset/split-spec.ts'
import { resumeTraining, type TrainReport, train } from '../src/pipeline/train.ts'
import { type TrainAllReport, trainAll } from '../src/pipeline/train-all.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Train extends BaseCommand {
  static override summary = 'fit a model on the lake, score it on held-out ratings and register it'

  static override description =
    `The same lake version, flags and seed give the same bytes, whatever the threads.
With --split kfold:N the first of the N parts is held out; \`recsys evaluate --algo\` goes through all of them. The catalogue is the
items that have ratings. An interrupted run is marked as killed and registers nothing; with --checkpoint-every it can go on.`

  static override examples = [
    '<%= config.bin %> train --algo svd',
    '<%= config.bin %> train --algo als --factors 256 --patience 3 --seed 7 --split random:0.2',
    '<%= config.bin %> train --algo svd --name films --lake-version 3 --tag ticket=REC-12 --checkpoint-every 20',
    '<%= config.bin %> train --resume 3k7c',
    '<%= config.bin %> train --all',
  ]

  static override flags = {
    algo: algorithmFlag({ exactlyOne: ['algo', 'all', 'resume'] }),
    all: Flags.boolean({ description: 'train every algorithm with its defaults and compare them' }),
    resume: Flags.string({
      description: 'run id, or the beginning of one: go on from its last checkpoint, with the flags it had',
    }),
    ...parameterFlags(['algo']),
    split: Flags.string({
      description: splitForms,
      default: defaultSplit,
    }),
    seed: seedFlag,
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    k: listLengthFlag,
    patience: Flags.integer({
      description:
        'stop when so many epochs bring nothing better on 5 % of the training rows, kept aside for it; 0: never',
      default: 0,
      min: 0,
    }),
    'checkpoint-every': Flags.integer({
      description: 'epochs between checkpoints for --resume; 0: none',
      default: 0,
      min: 0,
    }),
    'lake-version': lakeVersionFlag,
    threads: threadsFlag,
    register: Flags.boolean({
      description: 'make a version of the model; --no-register leaves that to `models register`',
      default: true,
      allowNo: true,
    }),
    once: onceFlag('a finished training is reported and not repeated, an interrupted one goes on'),
    tag: Flags.string({ description: 'key=value, kept with the run', multiple: true, default: [] }),
  }

  async run(): Promise<TrainReport | TrainAllReport> {
    const { flags } = await this.parse(Train)
    const { algo, resume } = flags
    const progress = this.progress(`training ${algo ?? (resume ? `run ${resume}` : 'every algorithm')}`)
    const epochLine = epochLines()
    const setting = {
      dataDir: flags['data-dir'],
      nThreads: flags.threads,
      signal: this.interruptSignal(),
      onProgress: progress.update,
      onEpoch: (epoch: Parameters<typeof epochLine>[0]) => progress.update(epochLine(epoch)),
    }
    const job = {
      seed: flags.seed,
      split: flags.split,
      name: flags.name,
      lakeVersion: flags['lake-version'],
      k: flags.k,
      tags: tagsFrom(flags.tag),
      patience: flags.patience,
      checkpointEvery: flags['checkpoint-every'],
      register: flags.register,
    }
    if (algo === undefined && resume === undefined) {
      const report = await trainAll({ ...setting, ...job })
      progress.succeed(`trained ${report.reports.length} models`)
      this.print(trainAllSummary(report))
      return report
    }
    const report = await (resume === undefined
      ? train({
          ...{ ...setting, ...job, onceKey: flags.once },
          ...{ algorithm: algo as NonNullable<typeof algo>, params: givenParams(flags) },
        })
      : resumeTraining({ ...setting, runId: resume }))
    progress.succeed(
      `trained ${report.version === null ? report.algorithm : `${report.name} v${report.version}`}`,
    )
    this.print(trainSummary(report))
    return report
  }
}
