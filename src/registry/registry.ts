import { apiKeyCalls } from './api-keys.ts'
import { explaining, type OpenOptions, openDatabase, registryPath } from './database.ts'
import { closeAbandonedFlows, flowCalls } from './flows.ts'
import { loadTestCalls } from './load-tests.ts'
import { closeAbandonedRuns, runCalls } from './runs.ts'
import { scheduleCalls } from './schedules.ts'
import { stageCalls } from './stages.ts'
import { trialCalls } from './trials.ts'
import type { Registry } from './types.ts'
import { versionCalls } from './versions.ts'
import { webhookCalls } from './webhooks.ts'

/**
 * The registry of a data directory: runs, versions, stages and the audit trail in one SQLite file. Every call is
 * synchronous and a transaction of its own.
 * @throws RECSYS_REGISTRY_MISSING when it is opened read-only and not there; RECSYS_REGISTRY_LOCKED,
 *   RECSYS_REGISTRY_CORRUPT, RECSYS_REGISTRY_VERSION, RECSYS_DATA_DIR_UNWRITABLE also from any call
 */
export function openRegistry(dataDir: string, options: OpenOptions = {}): Registry {
  const path = registryPath(dataDir)
  const db = openDatabase(dataDir, options)
  if (!options.readOnly) {
    explaining(path, () => {
      closeAbandonedRuns(db)
      closeAbandonedFlows(db)
    })
  }
  const versions = versionCalls(db)
  const calls: Omit<Registry, 'close'> = {
    ...runCalls(db),
    ...versions,
    ...stageCalls(db, versions),
    ...loadTestCalls(db, versions),
    ...apiKeyCalls(db),
    ...trialCalls(db, versions),
    ...flowCalls(db),
    ...scheduleCalls(db),
    ...webhookCalls(db),
  }
  return { ...explainingAll(path, calls), close: () => void db.close() }
}

/** The same calls, with what SQLite throws turned into our errors. */
function explainingAll<T extends object>(path: string, calls: T): T {
  const wrapped = Object.entries(calls).map(([name, call]) => [
    name,
    (...values: unknown[]) => explaining(path, () => call(...values)),
  ])
  return Object.fromEntries(wrapped) as T
}
