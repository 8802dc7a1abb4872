import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { trainingSet } from '../../src/dataset/dataset.ts'
import { score } from '../../src/metrics/score.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { AlgorithmName, Params } from '../../src/models/types.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { prepareData, questionOf } from '../../src/pipeline/prepare.ts'
import { tune } from '../../src/pipeline/tune/tune.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetPath } from '../helpers/datasets.ts'

/**
 * How near `recsys tune` comes to the best known setting: a fine grid that is judged by the held-out rows themselves, which
 * tuning never sees before the end.
 *
 *     node test/bench/tune-study.ts [--trials 40] [--only TEXT]
 */
interface Study {
  readonly title: string
  readonly data: 'ml-100k' | 'gowalla'
  readonly algorithm: AlgorithmName
  readonly metric: string
  readonly fixed: Params
  readonly grid: readonly Params[]
}

const regs = [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.13]
const studies: readonly Study[] = [
  {
    title: 'svd',
    data: 'ml-100k',
    algorithm: 'svd',
    metric: 'rmse',
    fixed: {},
    grid: [4, 8, 12, 16, 20, 24, 32, 40, 50, 64, 100].map((factors) => ({ factors })),
  },
  {
    title: 'svd --solver als',
    data: 'ml-100k',
    algorithm: 'svd',
    metric: 'rmse',
    fixed: { solver: 'als' },
    grid: crossed({ factors: [5, 10, 20, 50, 100], reg: regs }),
  },
  {
    title: 'als on every fourth user',
    data: 'gowalla',
    algorithm: 'als',
    metric: 'ndcg@20',
    fixed: { factors: 64, epochs: 10 },
    grid: crossed({
      reg: [0.0003, 0.001, 0.002, 0.004, 0.007, 0.01, 0.02],
      unobservedWeight: [0.003, 0.01, 0.03, 0.1, 0.3],
    }),
  },
]

function crossed(values: Readonly<Record<string, readonly number[]>>): Params[] {
  return Object.entries(values).reduce<Params[]>(
    (grid, [name, own]) => grid.flatMap((params) => own.map((value) => ({ ...params, [name]: value }))),
    [{}],
  )
}

const { values: flags } = parseArgs({
  options: { trials: { type: 'string', default: '40' }, only: { type: 'string', default: '' } },
})
for (const study of studies) {
  const folder = datasetPath(study.data)
  if (folder === undefined || !study.title.includes(flags.only)) continue
  const dataDir = mkdtempSync(join(tmpdir(), 'recsys-tune-study-'))
  try {
    const from = study.data === 'gowalla' ? gowallaSlice(folder, dataDir) : folder
    await initTables({ dataDir, mode: 'create', from, maxRejects: 0 })
    console.log(await runStudy(study, dataDir))
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function runStudy(study: Study, dataDir: string): Promise<string> {
  const k = Number(study.metric.split('@')[1] ?? 10)
  const common = { dataDir, split: 'hash:0.2', seed: 1, k, algorithm: study.algorithm }
  const report = await tune({
    ...{ ...common, params: study.fixed, space: [], strategy: 'tpe', prune: true, validation: 0.2 },
    ...{ nTrials: Number(flags.trials), name: 'study', tags: {}, metric: study.metric },
  })
  const tuned = report.model.metrics[study.metric]
  const best = await bestOfGrid(study, dataDir, k)
  const sign = study.metric === 'rmse' ? 1 : -1
  const behind = (sign * (tuned - best.value)) / best.value
  return [
    `${study.title} on ${study.data}: ${report.trials.length} trials (${report.nPruned} pruned)`,
    `  tuned  ${JSON.stringify(report.best.params)}  held-out ${study.metric} ${tuned.toFixed(5)}`,
    `  best of ${study.grid.length} by the held-out rows  ${JSON.stringify(best.params)}  ${best.value.toFixed(5)}`,
    `  behind by ${(100 * behind).toFixed(2)} %; the trial that was chosen was number ${report.best.number}`,
  ].join('\n')
}

async function bestOfGrid(
  study: Study,
  dataDir: string,
  k: number,
): Promise<{ params: Params; value: number }> {
  const data = await prepareData({ dataDir, split: 'hash:0.2', seed: 1 })
  const question = { ...questionOf(data), ks: [k] }
  const algorithm = algorithms[study.algorithm]
  const set = trainingSet(data.dataset, data.folds[0])
  const compute = await startCompute()
  try {
    const scored: { params: Params; value: number }[] = []
    for (const params of study.grid) {
      const resolved = resolveParams(algorithm, { ...study.fixed, ...params })
      const model = await compute.scoped(() => algorithm.fit(set, resolved, { compute, seed: 1 }))
      scored.push({ params, value: (await score(compute, question, model))[study.metric] })
    }
    const sign = study.metric === 'rmse' ? 1 : -1
    return scored.reduce((best, next) => (sign * (next.value - best.value) < 0 ? next : best))
  } finally {
    await compute.release()
  }
}

/** Every fourth user of both files, as a ratings file. */
function gowallaSlice(folder: string, dataDir: string): string {
  const rows = ['user_id,item_id,rating']
  for (const file of ['train.txt', 'test.txt']) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const [user, ...items] = line.trim().split(' ')
      if (user === '' || Number(user) % 4 !== 0) continue
      for (const item of items) rows.push(`${user},${item},1`)
    }
  }
  const path = join(dataDir, 'slice.csv')
  writeFileSync(path, `${rows.join('\n')}\n`)
  return path
}
