import { availableParallelism } from 'node:os'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { type FlowPlan, flowFlags } from '../src/cli/flow-options.ts'
import { runOrPlan } from '../src/cli/flow-running.ts'
import { listLengthFlag, seedFlag } from '../src/cli/model-flags.ts'
import { retrainOptions } from '../src/cli/retrain-options.ts'
import { defaultSplit, splitForms } from '../src/dataset/split-spec.ts'
import { retrainFlow } from '../src/flow/retrain-flow.ts'
import type { FlowReport } from '../src/flow/run-flow.ts'
import { defaultModelName } from '../src/registry/types.ts'

export default class Retrain extends BaseCommand {
  static override summary =
    'load, train, evaluate, register and promote, unattended: what fails is retried, what is killed can go on'

  static override description =
    `Algorithms are trained side by side. The best new version goes into production if the gate of \`promote\` lets it pass; a refusal is
no failure. With --loadtest the server is loaded afterwards, and a missed goal takes the promotion back. Every task, attempt and log line
is kept in the registry (\`flow list\`, \`flow show\`). Two retrainings of one model never run at once.`

  static override examples = [
    '<%= config.bin %> retrain',
    '<%= config.bin %> retrain --algos svd,als --set als.factors=64 --metric ndcg@10',
    '<%= config.bin %> retrain --source new.csv --append --loadtest http://127.0.0.1:8000 --goal "p95<50ms"',
    '<%= config.bin %> retrain --resume 0t5k',
    '<%= config.bin %> retrain --graph',
  ]

  static override flags = {
    algos: Flags.string({ description: 'algorithms, separated by commas', default: 'svd,nmf' }),
    set: Flags.string({
      description: 'algorithm.parameter=value, once or more',
      multiple: true,
      default: [],
    }),
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
    split: Flags.string({ description: splitForms, default: defaultSplit }),
    seed: seedFlag,
    k: listLengthFlag,
    source: Flags.string({
      description: 'ratings to import first (default: what users have rated since)',
      relationships: [{ type: 'some', flags: ['append', 'overwrite'] }],
    }),
    append: Flags.boolean({
      description: 'add the ratings of --source',
      dependsOn: ['source'],
      exclusive: ['overwrite'],
    }),
    overwrite: Flags.boolean({ description: 'replace the tables by --source', dependsOn: ['source'] }),
    metric: Flags.string({ description: 'what decides the promotion (default: the policy file, or rmse)' }),
    'min-gain': Flags.string({ description: 'least gain of the promotion' }),
    'allow-partial': Flags.boolean({
      description: 'when an algorithm fails, the others may be promoted all the same',
      default: false,
    }),
    loadtest: Flags.string({
      description: 'address of a server of this data directory, loaded after a promotion',
    }),
    goal: Flags.string({
      description: 'of the load test, such as p95<50ms',
      multiple: true,
      default: [],
    }),
    'load-time': Flags.string({ description: 'how long the load test takes', default: '15s' }),
    attempts: Flags.integer({
      description: 'of a task, when trouble may pass',
      default: 3,
      min: 1,
      max: 100,
    }),
    'retry-delay': Flags.string({
      description: 'before the second attempt; each further one twice as long',
      default: '10s',
    }),
    timeout: Flags.string({ description: 'longest time an attempt of a task may take', default: '6h' }),
    parallel: Flags.integer({
      description: 'tasks at once at most [default: one a core]',
      min: 1,
      max: 256,
    }),
    threads: Flags.integer({
      description: 'of each training [default: the cores shared out among those that run at once]',
      min: 1,
      max: 256,
    }),
    ...flowFlags,
  }

  async run(): Promise<FlowReport | FlowPlan> {
    const { flags } = await this.parse(Retrain)
    const flow = retrainFlow(retrainOptions(flags, availableParallelism()))
    return runOrPlan(flow, flags, this.interruptSignal(), (text) => this.print(text))
  }
}
