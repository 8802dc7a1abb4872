import type { ServerStatus } from '../../src/serving/types.ts'
import { fixtureIdentity } from './fixture-model.ts'

export const readyStatus: ServerStatus = {
  startedAt: '2026-01-01T00:00:00.000Z',
  modelName: 'recommender',
  model: fixtureIdentity(),
  modelSince: '2026-01-01T00:00:01.000Z',
  lastLoad: null,
  failure: null,
  reloads: { swapped: 1, failed: 0 },
  nThreads: 1,
  threadRestarts: 0,
  trial: null,
  warmVersions: [],
}
