import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { trainingSet } from '../../src/dataset/dataset.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { evaluateScorer } from '../../src/metrics/score.ts'
import type { Evaluation } from '../../src/metrics/types.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { AlgorithmName, Params } from '../../src/models/types.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { judgePolicy } from '../../src/pipeline/policy/clauses.ts'
import { resolvePolicy } from '../../src/pipeline/policy/policy.ts'
import { type PreparedData, prepareData, questionOf } from '../../src/pipeline/prepare.ts'
import { evaluateBaselines } from '../../src/pipeline/score-fold.ts'
import type { EvaluatedBaselines } from '../../src/pipeline/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetPath } from '../helpers/datasets.ts'

/**
 * How often the gate lets a model pass. A/A: two models of one recipe that differ in their seed alone, so that every
 * promotion at a confidence is a false one. A/B: two recipes; their true gain is the mean over all pairs, and the share of
 * pairs that pass is the power.
 *
 *     node test/bench/gate-study.ts [--pairs 200] [--only TEXT] [--sample]
 *
 * On MovieLens 100K where RECSYS_DATASETS has it, else, or with --sample, on the generated sample.
 */
interface Study {
  readonly title: string
  readonly metric: string
  readonly champion: Recipe
  readonly challenger: Recipe
}

interface Recipe {
  readonly algorithm: AlgorithmName
  readonly params: Params
}

const als = (params: Params): Recipe => ({
  algorithm: 'svd',
  params: { solver: 'als', factors: 10, ...params },
})
const sgd: Recipe = { algorithm: 'svd', params: { solver: 'sgd', factors: 16 } }
const gibbs: Recipe = { algorithm: 'svd', params: { factors: 10, epochs: 40, burnIn: 10, samples: 10 } }
const nmf: Recipe = { algorithm: 'nmf', params: { factors: 10 } }
const implicit = (params: Params): Recipe => ({
  algorithm: 'als',
  params: { factors: 32, epochs: 8, reg: 0.003, unobservedWeight: 0.05, ...params },
})
const bpr: Recipe = { algorithm: 'bpr', params: { factors: 32, epochs: 20 } }

const same = (title: string, metric: string, recipe: Recipe): Study => ({
  title: `A/A ${title}`,
  metric,
  champion: recipe,
  challenger: recipe,
})

const studies: readonly Study[] = [
  same('svd --solver als', 'rmse', als({})),
  same('svd --solver sgd', 'rmse', sgd),
  same('svd, short chain', 'rmse', gibbs),
  same('nmf', 'rmse', nmf),
  same('als', 'ndcg@10', implicit({})),
  same('bpr', 'ndcg@10', bpr),
  {
    title: 'A/B svd --solver als, reg .05 to .06',
    metric: 'rmse',
    champion: als({ reg: 0.05 }),
    challenger: als({}),
  },
  {
    title: 'A/B svd --solver als, reg .045 to .06',
    metric: 'rmse',
    champion: als({ reg: 0.045 }),
    challenger: als({}),
  },
  {
    title: 'A/B svd --solver als, reg .04 to .06',
    metric: 'rmse',
    champion: als({ reg: 0.04 }),
    challenger: als({}),
  },
  {
    title: 'A/B als, reg .003 to .004',
    metric: 'ndcg@10',
    champion: implicit({}),
    challenger: implicit({ reg: 0.004 }),
  },
  {
    title: 'A/B als, reg .003 to .006',
    metric: 'ndcg@10',
    champion: implicit({}),
    challenger: implicit({ reg: 0.006 }),
  },
]

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '200' },
    only: { type: 'string', default: '' },
    sample: { type: 'boolean', default: false },
  },
})

const dataDir = mkdtempSync(join(tmpdir(), 'recsys-gate-study-'))
const compute = await startCompute()
try {
  const folder = flags.sample ? undefined : datasetPath('ml-100k')
  await initTables({
    dataDir,
    mode: 'create',
    ...(folder === undefined ? sampleSize() : { from: folder, maxRejects: 0 }),
  })
  const data = await prepareData({ dataDir, split: 'hash:0.2', seed: 1 })
  const question = { ...questionOf(data), ks: [10] }
  const baselines = await evaluateBaselines(compute, question)
  console.log(`${folder === undefined ? 'generated sample' : 'MovieLens 100K'}, ${flags.pairs} pairs a line`)
  for (const study of studies.filter(({ title }) => title.includes(flags.only))) {
    console.log(await runStudy(study, { data, baselines, compute }))
  }
} finally {
  await compute.release()
  rmSync(dataDir, { recursive: true, force: true })
}

function sampleSize() {
  return { seed: 1, users: 2000, items: 500, interactions: 100_000 }
}

interface Setting {
  readonly data: PreparedData
  readonly baselines: EvaluatedBaselines
  readonly compute: Compute
}

async function runStudy(study: Study, setting: Setting): Promise<string> {
  const nPairs = Number(flags.pairs)
  const passed = { plain: 0, at95: 0 }
  const gains: number[] = []
  for (let pair = 0; pair < nPairs; pair++) {
    const [champion, challenger] = [
      await evaluate(study.champion, 1000 + 2 * pair, setting),
      await evaluate(study.challenger, 1001 + 2 * pair, setting),
    ]
    const loadTests = { challenger: undefined, champion: undefined }
    const evidence = { champion, challenger, baselines: setting.baselines, loadTests }
    const policy = (confidence?: string) => resolvePolicy({ metric: study.metric, confidence })
    const strict = judgePolicy(policy('0.95'), evidence)
    if (strict.allMet) passed.at95++
    if (judgePolicy(policy(), evidence).allMet) passed.plain++
    gains.push(strict.decision.gain / Math.abs(champion.metrics[study.metric]))
  }
  const [mean, error] = meanAndError(gains)
  return [
    study.title.padEnd(42),
    study.metric.padEnd(8),
    `true gain ${(100 * mean).toFixed(3)} % ± ${(100 * error).toFixed(3)}`,
    `passes at 95 %: ${shareText(passed.at95, nPairs)}`,
    `without confidence: ${shareText(passed.plain, nPairs)}`,
  ].join('  ')
}

async function evaluate({ algorithm, params }: Recipe, seed: number, setting: Setting): Promise<Evaluation> {
  const { data } = setting
  const [fold] = data.folds
  const fitted = algorithms[algorithm]
  const set = trainingSet(data.dataset, fold)
  const model = await setting.compute.scoped(() =>
    fitted.fit(set, resolveParams(fitted, params), { compute: setting.compute, seed }),
  )
  return evaluateScorer(setting.compute, { ...questionOf(data), ks: [10] }, model)
}

function meanAndError(values: readonly number[]): [mean: number, error: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return [mean, Math.sqrt(squares / (values.length - 1) / values.length)]
}

/** With the 95 % interval of a share by Wilson (1927). */
function shareText(count: number, n: number): string {
  const [share, z] = [count / n, 1.96]
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return `${(100 * share).toFixed(1)} % (${(100 * (middle - half)).toFixed(1)} to ${(100 * (middle + half)).toFixed(1)})`
}
