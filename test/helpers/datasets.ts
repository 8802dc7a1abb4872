import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const datasets = resolve(root, process.env.RECSYS_DATASETS ?? '../shared/datasets')
const conformance = resolve(root, process.env.RECSYS_CONFORMANCE ?? '../shared/conformance')

/** Real data is measured on, never shipped: undefined, said once on stderr, where it is absent. */
export function datasetPath(name: 'ml-100k' | 'ml-1m' | 'ml-latest-small' | 'gowalla'): string | undefined {
  return present(resolve(datasets, name), 'RECSYS_DATASETS')
}

/** The Delta Lake golden tables. */
export function goldenTables(): string | undefined {
  return present(resolve(conformance, 'delta'), 'RECSYS_CONFORMANCE')
}

function present(path: string, variable: string): string | undefined {
  if (existsSync(path)) return path
  process.stderr.write(`skipped: ${path} is absent; ${variable} names another place\n`)
  return undefined
}
