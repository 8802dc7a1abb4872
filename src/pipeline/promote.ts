import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import { RecsysError } from '../errors.ts'
import { ringDoorbell } from '../registry/doorbell.ts'
import { openRegistry } from '../registry/registry.ts'
import type { AuditEntry, ModelVersion, Registry, Run } from '../registry/types.ts'
import { chooseChallenger } from './challenger.ts'
import { decide } from './decide.ts'
import { scoreOnHoldout } from './holdout.ts'
import { type MetricChoice, type MinimumGain, parseGain, parseMetric } from './metric-order.ts'
import type { HoldoutScores } from './types.ts'

export interface PromoteOptions {
  readonly dataDir: string
  readonly name: string
  readonly stage: 'staging' | 'production'
  /** `rmse`, `ndcg@10` … */
  readonly metric: string
  /** `0.005` or `1%`. */
  readonly minGain: string
  readonly version?: number | undefined
  readonly runId?: string | undefined
  /** Promotes also what is not better; the numbers are written down all the same. */
  readonly force: boolean
  /** Changes nothing and writes nothing. */
  readonly dryRun: boolean
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
}

/** The `--json` document of `recsys promote`. */
export interface PromotionReport {
  readonly name: string
  readonly stage: 'staging' | 'production'
  readonly outcome: 'promoted' | 'forced' | 'refused'
  readonly dryRun: boolean
  readonly reason: string
  readonly challenger: ScoredVersion
  readonly champion: ScoredVersion | null
  readonly metric: string
  readonly gain: number
  readonly minGain: number
  readonly popularity: number
  readonly lakeVersion: number
  readonly split: string
  readonly nHeldOutRows: number
  readonly nHeldOutUsers: number
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[]
}

export interface ScoredVersion {
  readonly version: number
  readonly algorithm: string
  /** null for a champion that cannot be read. */
  readonly value: number | null
}

/**
 * Scores challenger and champion now, on the same held-out rows of the challenger's lake version, and moves the
 * challenger to the stage when it is better. A refusal is returned, not thrown, and is in the audit trail.
 * @throws RECSYS_PROMOTION_REFUSED when there is no challenger at all; RECSYS_ARTIFACT_MISSING or _CORRUPT for a broken
 *   challenger, and without `force` for a broken champion; RECSYS_REGISTRY_CONFLICT when another promotion was faster
 */
export async function promote(options: PromoteOptions): Promise<PromotionReport> {
  const metric = parseMetric(options.metric)
  const minGain = parseGain(options.minGain)
  const registry = openRegistry(options.dataDir, { create: false, readOnly: options.dryRun })
  try {
    const pair = chooseChallenger(registry, { ...options, metric })
    const scored = await scorePair(registry, pair, metric, options)
    const report = judge(scored, metric, minGain, options)
    if (!options.dryRun) carryOut(registry, report, options)
    return report
  } finally {
    registry.close()
  }
}

/** @throws RECSYS_PROMOTION_REFUSED with the report as data */
export function requirePromotion(report: PromotionReport): void {
  if (report.outcome !== 'refused') return
  const { name, challenger, stage, reason } = report
  throw new RecsysError('RECSYS_PROMOTION_REFUSED', {
    message: `${name} v${challenger.version} stays out of ${stage}: ${reason}`,
    data: { ...report },
  })
}

interface Pair {
  readonly challenger: ModelVersion
  readonly champion: ModelVersion | undefined
}

interface ScoredPair extends Pair {
  readonly holdout: HoldoutScores
  readonly championIsReadable: boolean
  readonly notes: readonly string[]
}

async function scorePair(
  registry: Registry,
  { challenger, champion }: Pair,
  { k }: MetricChoice,
  options: PromoteOptions,
): Promise<ScoredPair> {
  const run = registry.run(challenger.runId)
  const problem = champion && (await problemWith(options.dataDir, champion))
  if (problem && !options.force) throw brokenChampion(champion, problem)
  const championIsReadable = champion !== undefined && problem === undefined
  const { dataDir, nThreads, signal, onProgress } = options
  const holdout = await scoreOnHoldout({
    ...{ dataDir, lakeVersion: run.lakeVersion, split: run.split, seed: run.seed, k },
    versions: championIsReadable ? [challenger, champion] : [challenger],
    ...{ nThreads, signal, onProgress },
  })
  const notes = problem === undefined ? [] : [`the champion cannot be read: ${problem.message}`]
  if (championIsReadable) notes.push(...noteOnLeak(run, registry.run(champion.runId)))
  return { challenger, champion, holdout, championIsReadable, notes }
}

/** A champion that is broken stops everything but --force: there is nothing to compare with. */
async function problemWith(
  dataDir: string,
  { artifactPath, manifestSha256 }: ModelVersion,
): Promise<RecsysError | undefined> {
  try {
    await readArtifact(join(dataDir, artifactPath), { manifestSha256 })
    return undefined
  } catch (error) {
    if (error instanceof RecsysError) return error
    throw error
  }
}

function brokenChampion({ name, version }: ModelVersion, problem: RecsysError): RecsysError {
  return new RecsysError(problem.code, {
    message: `the champion ${name} v${version} cannot be read: ${problem.message}`,
    remedy: 'Replace it with `recsys promote --force`, or restore its directory from a backup.',
    cause: problem,
  })
}

/** The `hash` split keeps a row on its side for ever; any other may have shown the champion what is held out now. */
function noteOnLeak(challenger: Run, champion: Run): string[] {
  const sameHash = challenger.split === champion.split && challenger.split.startsWith('hash:')
  if (sameHash || challenger.splitFingerprint === champion.splitFingerprint) return []
  return [
    `the champion was trained on another split (${champion.split}, seed ${champion.seed}) and may have learnt from rows held out here`,
  ]
}

function judge(
  { challenger, champion, holdout, championIsReadable, notes }: ScoredPair,
  metric: MetricChoice,
  minGain: MinimumGain,
  { name, stage, force, dryRun }: PromoteOptions,
): PromotionReport {
  const [value, championValue] = holdout.scores.map((scores) => scores[metric.metric])
  const popularity = holdout.baselines.popularity[metric.metric]
  const decision = decide({
    ...{ metric, minGain, challenger: value, popularity },
    champion: championIsReadable ? championValue : undefined,
  })
  // What replaces a champion that nobody could compare it with was forced, however good it is.
  const broken = champion !== undefined && !championIsReadable
  const { lakeVersion, split, nHeldOutRows, nHeldOutUsers } = holdout
  return {
    ...{
      name,
      stage,
      outcome: outcomeOf(decision.better && !broken, force),
      dryRun,
      reason: decision.reason,
    },
    challenger: { version: challenger.version, algorithm: challenger.algorithm, value },
    champion: champion
      ? { version: champion.version, algorithm: champion.algorithm, value: championValue ?? null }
      : null,
    ...{ metric: metric.metric, gain: decision.gain, minGain: decision.neededGain, popularity },
    ...{ lakeVersion, split, nHeldOutRows, nHeldOutUsers, notes },
  }
}

/** What is better needs no force. */
function outcomeOf(better: boolean, force: boolean): PromotionReport['outcome'] {
  if (better) return 'promoted'
  return force ? 'forced' : 'refused'
}

function carryOut(registry: Registry, report: PromotionReport, { dataDir }: PromoteOptions): void {
  const { name, stage, challenger, champion, outcome, reason } = report
  const previous = champion?.version ?? null
  const entry = { name, version: challenger.version, stage, reason, figures: figuresOf(report) }
  if (outcome === 'refused') {
    registry.recordRefusal({ ...entry, previous })
    return
  }
  const action = outcome === 'forced' ? 'force' : 'promote'
  registry.changeStage({ ...entry, action, expectedPrevious: previous })
  if (stage === 'production') ringDoorbell(dataDir, { name, version: challenger.version })
}

function figuresOf(report: PromotionReport): AuditEntry['figures'] {
  const { metric, gain, minGain, popularity, lakeVersion, split, nHeldOutRows, nHeldOutUsers, notes } = report
  const champion = report.champion?.value ?? undefined
  return {
    ...{ metric, challenger: report.challenger.value ?? Number.NaN },
    ...(champion === undefined ? {} : { champion }),
    ...{ popularity, gain, minGain, lakeVersion, split, nHeldOutRows, nHeldOutUsers },
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  }
}
