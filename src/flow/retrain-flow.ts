import { RecsysError } from '../errors.ts'
import { hole } from './template.ts'
import { type Flow, once, type RetryPolicy, type Task, type TaskCommand } from './types.ts'

export interface RetrainOptions {
  readonly algorithms: readonly string[]
  /** Parameters of an algorithm, as flags of `train`: `{ als: ['--factors=64'] }`. */
  readonly parameters: Readonly<Record<string, readonly string[]>>
  readonly name: string
  readonly split: string
  readonly seed: number
  readonly k: number
  /** Ratings to import first; null: those that users have sent are brought in. */
  readonly source: { readonly from: string; readonly mode: 'append' | 'overwrite' } | null
  /** What decides the promotion; null: the policy file, or RMSE. */
  readonly metric: string | null
  readonly minGain: string | null
  /** Whether what was trained may be promoted though another algorithm failed. */
  readonly allowPartial: boolean
  /** Server that is loaded when something was promoted; null: none. */
  readonly loadTest: {
    readonly url: string
    readonly goals: readonly string[]
    readonly runTime: string
  } | null
  readonly retry: Pick<RetryPolicy, 'attempts' | 'delayMs'>
  readonly timeoutMs: number
  /** Where the source is looked for. */
  readonly directory: string
  readonly maxParallel: number
  /** Of each training. */
  readonly threads: number
}

/**
 * load → train every algorithm side by side → evaluate each from its files → register in the order of the list, so that version
 * numbers do not depend on who is faster → promote if the gate says so → load test. Threads do not
 * change results.
 */
export function retrainFlow(options: RetrainOptions): Flow {
  const { algorithms, name, loadTest } = options
  const unique = [...new Set(algorithms)]
  if (unique.length === 0)
    throw new RecsysError('RECSYS_USAGE', { message: '--algos is empty, expected at least one algorithm' })
  return {
    name: 'retrain',
    description: `trains ${unique.join(', ')} and promotes the best, if it is better`,
    lock: `retrain ${name}`,
    params: { name, algos: unique.join(','), split: options.split, seed: options.seed },
    ...{ directory: options.directory, maxParallel: options.maxParallel },
    tasks: [
      loadTask(options),
      ...unique.map((algorithm) => trainTask(options, algorithm)),
      ...unique.map((algorithm) => evaluateTask(options, algorithm)),
      registerTask(options, unique),
      promoteTask(options),
      ...(loadTest ? [loadTestTask(options, loadTest)] : []),
    ],
  }
}

function taskOf(
  { retry, timeoutMs }: RetrainOptions,
  task: Pick<Task, 'id' | 'description' | 'command'> & Partial<Task>,
): Task {
  return {
    ...{ needs: [], when: 'all-succeeded', mayFail: false, retry: { ...once, ...retry }, timeoutMs },
    ...{ cache: null, skipOn: [], undo: null, env: {} },
    ...task,
  }
}

function recsys(args: readonly string[], extraArgs: readonly string[] = []): TaskCommand {
  return { kind: 'recsys', args, extraArgs }
}

function loadTask(options: RetrainOptions): Task {
  const { source } = options
  return taskOf(options, {
    id: 'load',
    description: source ? `imports ${source.from}` : 'brings in what users have rated since',
    command: source
      ? recsys(['init-tables', '--from', source.from, `--${source.mode}`])
      : recsys(['lake', 'flush', '--ratings']),
  })
}

/** Where the version of the table `interactions` stands in what `load` prints. */
function lakeVersionHole({ source }: RetrainOptions): string {
  return source ? hole('tasks.load.versions.interactions') : hole('tasks.load.interactionsVersion')
}

/** Epochs between checkpoints: a killed training goes on from the last one. */
const checkpointEvery = 10

function trainTask(options: RetrainOptions, algorithm: string): Task {
  const { name, split, seed, k, allowPartial, parameters } = options
  return taskOf(options, {
    id: `train-${algorithm}`,
    description: '',
    needs: ['load'],
    command: recsys(
      [
        ...[
          'train',
          '--algo',
          algorithm,
          '--name',
          name,
          '--split',
          split,
          '--seed',
          String(seed),
          '-k',
          String(k),
        ],
        ...['--lake-version', lakeVersionHole(options), '--no-register', ...(parameters[algorithm] ?? [])],
      ],
      [
        ...['--threads', String(options.threads), '--checkpoint-every', String(checkpointEvery)],
        ...['--once', hole('task.key')],
      ],
    ),
    cache: { inputs: [], outputs: [] },
    mayFail: allowPartial,
  })
}

function evaluateTask(options: RetrainOptions, algorithm: string): Task {
  const { name, k, allowPartial } = options
  return taskOf(options, {
    id: `evaluate-${algorithm}`,
    description: '',
    needs: [`train-${algorithm}`],
    command: recsys(
      ['evaluate', '--name', name, '--run', hole(`tasks.train-${algorithm}.runId`), '-k', String(k)],
      ['--threads', String(options.threads)],
    ),
    cache: { inputs: [], outputs: [] },
    mayFail: allowPartial,
  })
}

function registerTask(options: RetrainOptions, algorithms: readonly string[]): Task {
  const { name, allowPartial } = options
  return taskOf(options, {
    id: 'register',
    description: 'makes versions of the models, in the order of the list',
    needs: algorithms.map((algorithm) => `evaluate-${algorithm}`),
    when: allowPartial ? 'any-succeeded' : 'all-succeeded',
    command: recsys([
      ...['models', 'register', '--name', name],
      ...algorithms.map((algorithm) => hole(`tasks.evaluate-${algorithm}.runId?`)),
    ]),
  })
}

function promoteTask(options: RetrainOptions): Task {
  const { name, metric, minGain } = options
  const given = (flag: string, value: string | null) => (value === null ? [] : [flag, value])
  return taskOf(options, {
    id: 'promote',
    description: 'puts the best new version into production, if the gate lets it pass',
    needs: ['register'],
    command: recsys(
      ['promote', '--name', name, ...given('--metric', metric), ...given('--min-gain', minGain)],
      ['--once', hole('task.key')],
    ),
    skipOn: [3],
    undo: recsys([
      'rollback',
      '--name',
      name,
      '--of',
      hole('task.key'),
      '--reason',
      `flow run ${hole('run.id')} failed`,
    ]),
  })
}

function loadTestTask(
  options: RetrainOptions,
  { url, goals, runTime }: NonNullable<RetrainOptions['loadTest']>,
): Task {
  return taskOf(options, {
    id: 'loadtest',
    description: `puts load on ${url}`,
    needs: ['promote'],
    command: recsys([
      ...['loadtest', '--url', url, '--users', '20', '--spawn-rate', '20', '--run-time', runTime],
      ...goals.flatMap((goal) => ['--goal', goal]),
    ]),
  })
}
