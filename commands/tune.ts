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
import { parseTimeout, parseValidation } from '../src/cli/tune-flags.ts'
import { tuneSummary } from '../src/cli/tune-output.ts'
import { defaultSplit, splitForms } from '../src/dataset/split-spec.ts'
import { strategies } from '../src/pipeline/tune/suggest.ts'
import { resumeTuning, tune } from '../src/pipeline/tune/tune.ts'
import type { TuneReport } from '../src/pipeline/tune/types.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Tune extends BaseCommand {
  static override summary = 'search the parameters of an algorithm, train the best setting and register it'

  static override description =
    `Every trial learns from a part of the training rows and is judged by the rest of them; the held-out rows are seen
once, by the best setting, trained on the whole training part. A parameter that is given is fixed; where the others are looked for is part of
the algorithm (trial 0 is its default) unless --space says otherwise. Every trial is a run (\`recsys runs list --study RUN\`). Trials run side by side
on all threads, and the same flags try the same settings whatever the threads are. A study that was killed goes on with --resume and loses no finished trial.`

  static override examples = [
    '<%= config.bin %> tune --algo svd --solver als --trials 40',
    '<%= config.bin %> tune --algo als --factors 64 --space reg=0.0001..0.1:log --space unobserved-weight=0.01,0.1 --timeout 30m',
    '<%= config.bin %> tune --algo bpr --strategy halving --trials 100 --metric recall@20',
    '<%= config.bin %> tune --resume 3k7c',
  ]

  static override flags = {
    algo: algorithmFlag({ exactlyOne: ['algo', 'resume'] }),
    resume: Flags.string({
      description: 'run id of an interrupted study, or the beginning of one: go on with the flags it had',
    }),
    ...parameterFlags(['algo']),
    trials: Flags.integer({ description: 'settings to try', default: 40, min: 1, max: 10_000 }),
    timeout: Flags.string({ description: 'such as 90s, 10m or 2h: no trial begins later' }),
    space: Flags.string({
      description: 'once or more: where to look, NAME=LOW..HIGH, NAME=LOW..HIGH:log or NAME=A,B,C',
      multiple: true,
      default: [],
    }),
    strategy: Flags.option({
      description:
        'tpe: learns from the trials before; random: spread evenly; halving: spread evenly, only the best third goes on at each of a few epochs',
      options: strategies,
      default: 'tpe',
    })(),
    prune: Flags.boolean({
      description: 'end trials without hope early',
      default: true,
      allowNo: true,
    }),
    metric: Flags.string({
      description:
        'what is searched for (default: rmse for algorithms of ratings, ndcg@k for those of lists)',
    }),
    validation: Flags.string({
      description: 'share of the training rows that trials are judged by',
      default: '0.2',
    }),
    split: Flags.string({ description: splitForms, default: defaultSplit }),
    seed: seedFlag,
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    k: listLengthFlag,
    'lake-version': lakeVersionFlag,
    threads: threadsFlag,
    tag: Flags.string({ description: 'key=value, kept with the runs', multiple: true, default: [] }),
  }

  async run(): Promise<TuneReport> {
    const { flags } = await this.parse(Tune)
    const progress = this.progress(`tuning ${flags.algo ?? `in run ${flags.resume}`}`)
    const setting = {
      dataDir: flags['data-dir'],
      timeoutMs: parseTimeout(flags.timeout),
      nThreads: flags.threads,
      signal: this.interruptSignal(),
      onProgress: progress.update,
    }
    const { algo, resume, trials: nTrials, space, strategy, prune, metric, seed, split, name, k } = flags
    const report = await (resume !== undefined
      ? resumeTuning({ ...setting, runId: resume })
      : tune({
          ...{ ...setting, nTrials, space, strategy, prune, metric, seed, split, name, k },
          algorithm: algo as NonNullable<typeof algo>,
          params: givenParams(flags),
          validation: parseValidation(flags.validation),
          lakeVersion: flags['lake-version'],
          tags: tagsFrom(flags.tag),
        }))
    progress.succeed(`tuned ${report.algorithm} in ${report.trials.length} trials`)
    this.print(tuneSummary(report))
    return report
  }
}
