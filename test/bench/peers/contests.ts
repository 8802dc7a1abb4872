/** One program with its parameters in a contest. */
export interface Lane {
  readonly name: string
  /** Of which virtual environment; recsys has none. */
  readonly environment?: 'ranking' | 'rating' | 'evaluation'
  /** Slow, or measured for its accuracy: only in the first round. */
  readonly once?: boolean
  /** The script beside this file and its arguments. @param work  a directory to write to */
  args(data: string, work: string): readonly string[]
  /** Another script, whose figures are added. */
  after?(data: string, work: string): readonly string[]
}

export interface Contest {
  readonly title: string
  readonly data: 'pairs' | 'ml-1m' | 'gowalla'
  readonly unit: string
  /** Figures of a lane beside its seconds. */
  readonly measures: readonly string[]
  readonly lanes: readonly Lane[]
  readonly rounds?: number
}

/**
 * One objective in both forms: λ and an unobserved weight w are implicit's regularisation λ(1 + w)/w and confidence
 * (1 + w)/w, for factors times √(1 + w).
 */
const [reg, unobserved] = [0.5, 0.1]
const confidence = (1 + unobserved) / unobserved
const regularization = reg * confidence
const scale = Math.sqrt(1 + unobserved)

function ourAls(factors: number, solver: string, epochs: number, cgSteps = 3): Lane {
  const steps = solver === 'cg' ? `, ${cgSteps} steps` : ''
  const settings = ['--factors', String(factors), '--solver', solver, '--cg-steps', String(cgSteps)]
  const objective = ['--reg', String(reg), '--unobserved', String(unobserved), '--epochs', String(epochs)]
  return {
    name: `recsys ${solver}${steps}`,
    args: (data) => ['als-epochs.ts', '--pairs', data, ...settings, ...objective],
  }
}

/** With the loss by implicit's own objective. */
function withLoss(lane: Lane, factors: number): Lane {
  return {
    ...lane,
    args: (data, work) => [...lane.args(data, work), '--to', work],
    after: (data, work) => [
      ...['implicit_als.py', 'loss', data, String(factors), work],
      ...[scale, confidence, regularization].map(String),
    ],
  }
}

function implicitAls(factors: number, solver: 'cg' | 'cholesky', iterations: number, once = false): Lane {
  const settings = [String(factors), solver, String(iterations), String(confidence), String(regularization)]
  return {
    name: `implicit ${solver}`,
    environment: 'ranking',
    once,
    args: (data) => ['implicit_als.py', 'fit', data, ...settings],
  }
}

const alsContests = [64, 128, 256].flatMap((factors): Contest[] => [
  {
    title: `als, ${factors} factors, 20M synthetic interactions`,
    data: 'pairs',
    unit: 's an epoch',
    measures: [],
    lanes: [
      ...(factors < 256 ? [ourAls(factors, 'exact', 4)] : []),
      ...[2, 1].map((cgSteps) => ourAls(factors, 'cg', 4, cgSteps)),
      implicitAls(factors, 'cg', 4),
      ...(factors < 256 ? [implicitAls(factors, 'cholesky', 3, true)] : []),
    ],
  },
  {
    title: `loss of als after 15 epochs, ${factors} factors, 20M synthetic interactions`,
    data: 'pairs',
    unit: 's an epoch',
    measures: ['loss'],
    rounds: 1,
    lanes: [
      ...(factors < 256 ? [withLoss(ourAls(factors, 'exact', 15), factors)] : []),
      ...[2, 1].map((cgSteps) => withLoss(ourAls(factors, 'cg', 15, cgSteps), factors)),
      implicitAls(factors, 'cg', 15),
    ],
  },
])

function ourRating(name: string, algo: string, params: object): Lane {
  return {
    name: `recsys ${name}`,
    args: (data) => ['rating-fit.ts', '--data', data, '--algo', algo, '--params', JSON.stringify(params)],
  }
}

function surprise(algorithm: string, params: object, once = false): Lane {
  return {
    name: `Surprise ${algorithm}`,
    environment: 'rating',
    once,
    args: (data) => ['surprise_fit.py', data, algorithm, JSON.stringify(params)],
  }
}

function ourRanking(algo: string, params: object, name = algo): Lane {
  return {
    name: `recsys ${name}`,
    args: (data) => ['ranking-fit.ts', '--data', data, '--algo', algo, '--params', JSON.stringify(params)],
  }
}

function peerRanking(kind: string, params: object, once = false): Lane {
  return {
    name: kind.replace('-', ' '),
    environment: 'ranking',
    once,
    args: (data) => ['ranking_fit.py', data, kind, JSON.stringify(params)],
  }
}

const accuracy = ['recall', 'ndcg']

function lensKit(jobs: number): Lane {
  return {
    name: `LensKit, ${jobs} process${jobs > 1 ? 'es' : ''}`,
    environment: 'evaluation',
    once: true,
    args: (data) => ['lenskit_ranking.py', data, '64', String(jobs)],
  }
}

export const contests: readonly Contest[] = [
  {
    title: 'full ranking and its metrics, the same factors (64), MovieLens 1M',
    data: 'ml-1m',
    unit: 's',
    measures: ['ndcg', 'recall_min', 'precision', 'hitRate', 'mrr'],
    lanes: [
      { name: 'recsys', args: (data) => ['full-ranking.ts', '--data', data, '--factors', '64'] },
      lensKit(1),
      lensKit(2),
    ],
  },
  {
    title: 'svd by sgd, 100 factors, 20 epochs, MovieLens 1M',
    data: 'ml-1m',
    unit: 's',
    measures: ['rmse'],
    lanes: [
      ourRating('svd --solver sgd', 'svd', { solver: 'sgd', factors: 100, epochs: 20 }),
      surprise('SVD', { n_factors: 100, n_epochs: 20 }),
    ],
  },
  {
    title: 'ratings with default parameters, MovieLens 1M',
    data: 'ml-1m',
    unit: 's',
    measures: ['rmse'],
    rounds: 1,
    lanes: [
      ourRating('svd', 'svd', {}),
      ourRating('svd --implicit', 'svd', { implicit: true }),
      ourRating('svd --solver als', 'svd', { solver: 'als' }),
      ourRating('nmf', 'nmf', {}),
      surprise('SVD', {}),
      surprise('NMF', {}),
      surprise('SVDpp', {}),
    ],
  },
  ...alsContests,
  {
    title: 'als of 512 factors, 12 epochs, Gowalla',
    data: 'gowalla',
    unit: 's',
    measures: accuracy,
    rounds: 1,
    lanes: [
      ourRanking('als', { factors: 512, epochs: 12, reg: 0.005, unobservedWeight: 0.01 }),
      peerRanking('implicit-als', { factors: 512, iterations: 12, regularization: 10, alpha: 101 }),
    ],
  },
  {
    title: 'item-knn, 100 neighbours, Gowalla',
    data: 'gowalla',
    unit: 's',
    measures: accuracy,
    lanes: [
      ourRanking(
        'item-knn',
        { neighbours: 100, asymmetry: 0.5, activityExponent: 0, shrinkage: 0 },
        'item-knn, plain cosine',
      ),
      ourRanking('item-knn', {}, 'item-knn, defaults'),
      peerRanking('implicit-cosine', { K: 100 }),
      peerRanking('sklearn-cosine', { n_neighbors: 101 }, true),
    ],
  },
  {
    title: 'bpr, 64 factors, Gowalla',
    data: 'gowalla',
    unit: 's',
    measures: accuracy,
    rounds: 1,
    lanes: [
      ourRanking('bpr', { factors: 64 }),
      peerRanking('implicit-bpr', { factors: 64, iterations: 100 }),
      peerRanking('cornac-bpr', { k: 64, max_iter: 100, learning_rate: 0.05, lambda_reg: 0.01 }),
      peerRanking('lightfm-bpr', { no_components: 64, epochs: 50 }),
    ],
  },
]
