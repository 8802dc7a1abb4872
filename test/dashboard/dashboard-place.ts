import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFlow } from '../../src/flow/run-flow.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { promote } from '../../src/pipeline/promote.ts'
import { train } from '../../src/pipeline/train.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import { flowOf, shell } from '../flow/flow-of.ts'
import type { WhenOver } from '../helpers/run-recsys.ts'
import { sampleLake } from '../helpers/sample-lake.ts'

export interface DashboardPlace {
  readonly dataDir: string
  /** A run of a flow with a task that has failed. */
  readonly failedFlow: string
}

/** A data directory in which every page has something to show: three versions, the first in production, a search, flows, rejects. */
export async function dashboardPlace(whenOver?: WhenOver): Promise<DashboardPlace> {
  const dataDir = await sampleLake(undefined, whenOver)
  const job = { dataDir, seed: 1, split: 'hash:0.2', name: 'recommender', k: 10, tags: {}, nThreads: 1 }
  await train({ ...job, algorithm: 'popular', params: {} })
  await promote({
    ...{ dataDir, name: 'recommender', stage: 'production', policy: {} },
    force: true,
    dryRun: false,
  })
  await train({ ...job, algorithm: 'svd', params: { factors: 4, epochs: 20, burnIn: 5, samples: 5 } })
  await train({ ...job, algorithm: 'nmf', params: { factors: 4, epochs: 5 } })
  const rejected = join(dataDir, 'new.csv')
  writeFileSync(rejected, 'user_id,item_id,rating,timestamp\nu1,i1,4,1700000000\nu3,i2,99,1700000000\n')
  await initTables({
    dataDir,
    mode: 'append',
    from: rejected,
    ratingRange: { min: 0.5, max: 5 },
    maxRejects: 0.9,
  })
  const failedFlow = await fillRegistry(dataDir)
  return { dataDir, failedFlow }
}

async function fillRegistry(dataDir: string): Promise<string> {
  const registry = openRegistry(dataDir)
  const study = registry.createRun(newRun({}))
  for (let trial = 1; trial <= 5; trial++) {
    const run = registry.createRun({
      ...newRun({ factors: 4 * trial, reg: 0.1 / trial }),
      parentRunId: study,
    })
    registry.finishRun(run, { splitFingerprint: 'f', metrics: { rmse: 1 - trial / 100 }, durationsMs: {} })
  }
  registry.finishRun(study, { splitFingerprint: 'f', metrics: {}, durationsMs: {} })
  for (const p95 of [12, 9]) {
    registry.attachLoadTest({
      ...{
        name: 'recommender',
        version: 1,
        figures: { p50LatencyMs: 2, p95LatencyMs: p95, p99LatencyMs: 20, requestsPerSecond: 120 },
      },
      report: {
        url: 'http://127.0.0.1:8000',
        goals: [{ goal: 'p95 < 10 ms', met: p95 < 10 }],
        timeline: [1, 2, 3].map((second) => ({
          second,
          requestsPerSecond: 100 + second,
          p50Ms: 2,
          p95Ms: p95,
        })),
      },
    })
  }
  registry.addSchedule({
    ...{
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      command: ['retrain'],
      condition: null,
    },
    ...{ missed: 'once', overlap: 'skip', nextDueAt: '2030-01-01T02:00:00.000Z' },
  })
  registry.addWebhook('http://127.0.0.1:1/hook', ['failure'])
  registry.close()
  const setting = {
    ...{ dataDir, env: process.env, cause: 'by hand', useCache: true },
    signal: new AbortController().signal,
    lakeVersion: async () => 1,
  }
  await runFlow(
    flowOf([shell('load', 'echo loaded'), shell('train', 'echo "<b>trained</b>"', { needs: ['load'] })], {
      directory: dataDir,
    }),
    setting,
  )
  const failed = await runFlow(
    flowOf([shell('load', 'echo loaded'), shell('check', '[ -e well ]', { needs: ['load'] })], {
      name: 'checked',
    }),
    setting,
  )
  return failed.flowRunId
}

function newRun(params: Record<string, number>) {
  return {
    ...{ algorithm: 'svd', params, seed: 1, split: 'hash:0.2', lakeVersion: 0, tags: {} },
    ...{ programVersion: '0.1.0', nodeVersion: process.version },
  }
}
