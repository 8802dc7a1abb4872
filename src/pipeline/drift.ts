import { type BinCounts, readDriftTables } from '../lake/drift-tables.ts'
import type { Registry } from '../registry/types.ts'
import { flushEvents } from './flush-events.ts'
import { readRegistry } from './read-registry.ts'

/** The `--json` document of `recsys models drift`. */
export interface DriftReport {
  readonly name: string
  /** The newest version, that everything is held against; null without any. */
  readonly version: number | null
  /** Rows of `interactions` it was trained on, and now; null without a version. */
  readonly interactions: { readonly trained: number; readonly now: number } | null
  /** Events since it was trained. */
  readonly events: number
  /**
   * Population stability index, Σ (now − then) · ln(now / then) over bins of the training: below 0.1 nothing to speak of, above 0.25
   * a shift. null with fewer than a hundred events.
   */
  readonly psi: Readonly<Record<'popularity' | 'ratings', number | null>>
}

/** Fewer events say more of chance than of users. */
const leastEvents = 100

/**
 * What users do since the newest version was trained, beside what it learnt from. Events that are still in the journal are brought
 * into the lake first.
 */
export async function measureDrift(options: {
  readonly dataDir: string
  readonly name: string
}): Promise<DriftReport> {
  const { dataDir, name } = options
  const newest = newestTraining(dataDir, name)
  const nothing = { popularity: null, ratings: null }
  if (newest === undefined) return { name, version: null, interactions: null, events: 0, psi: nothing }
  await flushEvents(dataDir)
  const tables = await readDriftTables(dataDir, newest.lakeVersion, newest.trainedAt)
  const { interactions, events, popularity, ratings } = tables
  return {
    ...{ name, version: newest.version, interactions, events },
    psi: { popularity: stabilityIndex(popularity), ratings: stabilityIndex(ratings) },
  }
}

function newestTraining(dataDir: string, name: string) {
  const question = (registry: Registry) => {
    const newest = registry.versions(name).at(-1)
    if (newest === undefined) return undefined
    const { lakeVersion, startedAt } = registry.run(newest.runId)
    return { version: newest.version, lakeVersion, trainedAt: startedAt }
  }
  return readRegistry(dataDir, question)
}

/** Half a count in every bin keeps the logarithm finite. */
export function stabilityIndex({ trained, fresh }: BinCounts): number | null {
  const [nTrained, nFresh] = [sum(trained), sum(fresh)]
  if (nFresh < leastEvents || nTrained === 0) return null
  const share = (count: number, n: number) => (count + 0.5) / (n + 0.5 * trained.length)
  return sum(
    trained.map((count, bin) => {
      const [then, now] = [share(count, nTrained), share(fresh[bin]!, nFresh)]
      return (now - then) * Math.log(now / then)
    }),
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
