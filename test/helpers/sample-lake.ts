import { join } from 'node:path'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { Registry } from '../../src/registry/types.ts'
import { temporaryDirectory, type WhenOver } from './run-recsys.ts'

/** A data directory with a small generated lake. */
export async function sampleLake(
  size = { users: 120, items: 60, interactions: 2500 },
  whenOver?: WhenOver,
): Promise<string> {
  const dataDir = join(temporaryDirectory(whenOver), 'data')
  await initTables({ dataDir, mode: 'create', seed: 1, ...size })
  return dataDir
}

/** What the registry of a data directory says. */
export function askRegistry<T>(dataDir: string, question: (registry: Registry) => T): T {
  const registry = openRegistry(dataDir)
  try {
    return question(registry)
  } finally {
    registry.close()
  }
}
