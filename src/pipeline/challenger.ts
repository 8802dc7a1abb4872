import { RecsysError } from '../errors.ts'
import type { ModelVersion, Registry } from '../registry/types.ts'
import { gainOver, type MetricChoice } from './metric-order.ts'

export interface ChallengerChoice {
  readonly name: string
  readonly stage: 'staging' | 'production'
  readonly metric: MetricChoice
  readonly version?: number | undefined
  readonly runId?: string | undefined
}

/**
 * The version that was named; otherwise the best, by the figures of its training, of the unarchived ones newer than
 * what is in the stage and what is in production.
 * @throws RECSYS_PROMOTION_REFUSED when there is none, or when it is there already
 */
export function chooseChallenger(
  registry: Registry,
  choice: ChallengerChoice,
): { challenger: ModelVersion; champion: ModelVersion | undefined } {
  const champion = registry.inStage(choice.name, choice.stage)
  const challenger = namedVersion(registry, choice) ?? bestNewer(registry, choice, champion)
  if (challenger.stage === choice.stage || challenger.stage === 'production') {
    throw refused(`${choice.name} v${challenger.version} is in ${challenger.stage} already`)
  }
  return { challenger, champion }
}

function namedVersion(
  registry: Registry,
  { name, version, runId }: ChallengerChoice,
): ModelVersion | undefined {
  if (version !== undefined) return registry.version(name, version)
  if (runId === undefined) return undefined
  const run = registry.run(runId)
  const found = registry.versionOfRun(run.runId)
  if (found?.name === name) return found
  throw new RecsysError('RECSYS_VERSION_UNKNOWN', {
    message: `run ${run.runId} (${run.status}) registered ${found ? `a version of ${found.name}` : 'no version'}, expected one of ${name}`,
    field: 'run',
  })
}

function bestNewer(registry: Registry, { name, stage, metric }: ChallengerChoice, champion?: ModelVersion) {
  const production = registry.inStage(name, 'production')
  const newest = Math.max(champion?.version ?? 0, production?.version ?? 0)
  const candidates = registry
    .versions(name)
    .filter(({ version, stage: own }) => own !== 'archived' && version > newest)
  if (candidates.length === 0) {
    const where = newest === champion?.version ? stage : 'production'
    throw refused(
      `${name} has no version ${newest === 0 ? 'to promote' : `newer than v${newest} in ${where}`}`,
    )
  }
  // Ranking metrics are registered at the k of the training; where another is asked for, RMSE has to choose.
  const known = candidates.every(({ metrics }) => metrics[metric.metric] !== undefined)
  const by = known ? metric : { metric: 'rmse', k: metric.k, lowerIsBetter: true }
  return candidates.reduce((best, next) =>
    gainOver(best.metrics[by.metric], next.metrics[by.metric], by) >= 0 ? next : best,
  )
}

function refused(message: string): RecsysError {
  return new RecsysError('RECSYS_PROMOTION_REFUSED', { message, remedy: 'Train a new version first.' })
}
