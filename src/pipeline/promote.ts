import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import { RecsysError } from '../errors.ts'
import { ringDoorbell } from '../registry/doorbell.ts'
import { openRegistry } from '../registry/registry.ts'
import type { AuditClause, AuditEntry, ModelVersion, Registry } from '../registry/types.ts'
import { chooseChallenger } from './challenger.ts'
import { scoreOnHoldout } from './holdout.ts'
import { noteOnLeak } from './leak-note.ts'
import { judgePolicy } from './policy/clauses.ts'
import { questionsOf, resolvePolicy } from './policy/policy.ts'
import { readPolicyFile } from './policy/policy-file.ts'
import type { Evidence, PolicyTexts, PromotionPolicy } from './policy/types.ts'
import type { HoldoutScores } from './types.ts'

export interface PromoteOptions {
  readonly dataDir: string
  readonly name: string
  readonly stage: 'staging' | 'production'
  /** What the flags say of the policy; the rest comes from its file. */
  readonly policy: PolicyTexts
  /** Default: `promotion-policy.json` of the data directory, where there is one. */
  readonly policyFile?: string | undefined
  readonly version?: number | undefined
  readonly runId?: string | undefined
  /** Promotes also what is not better; the numbers are written down all the same. */
  readonly force: boolean
  /** Changes nothing and writes nothing. */
  readonly dryRun: boolean
  /** What was decided with this key before is reported and not decided anew. */
  readonly onceKey?: string | undefined
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
  /** Every clause of the policy with its numbers, the first that of the metric. */
  readonly clauses: readonly AuditClause[]
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
  const policy = resolvePolicy(options.policy, await readPolicyFile(options.dataDir, options.policyFile))
  const registry = openRegistry(options.dataDir, { create: false, readOnly: options.dryRun })
  try {
    const decided = options.onceKey === undefined ? undefined : registry.decidedOnce(options.onceKey)
    if (decided) return decidedReport(registry, decided, options)
    const pair = chooseChallenger(registry, { ...options, metric: policy.metric })
    const scored = await scorePair(registry, pair, policy, options)
    const report = judge(scored, policy, options)
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
  readonly loadTests: Evidence['loadTests']
  readonly notes: readonly string[]
}

async function scorePair(
  registry: Registry,
  { challenger, champion }: Pair,
  policy: PromotionPolicy,
  options: PromoteOptions,
): Promise<ScoredPair> {
  const run = registry.run(challenger.runId)
  const problem = champion && (await problemWith(options.dataDir, champion))
  if (problem && !options.force) throw brokenChampion(champion, problem)
  const championIsReadable = champion !== undefined && problem === undefined
  const { dataDir, nThreads, signal, onProgress } = options
  const holdout = await scoreOnHoldout({
    ...{ dataDir, lakeVersion: run.lakeVersion, split: run.split, seed: run.seed, ...questionsOf(policy) },
    versions: championIsReadable ? [challenger, champion] : [challenger],
    ...{ nThreads, signal, onProgress },
  })
  const notes = problem === undefined ? [] : [`the champion cannot be read: ${problem.message}`]
  if (championIsReadable) {
    const { nLearntRows, nHeldOutRows } = holdout
    notes.push(...noteOnLeak(nLearntRows[1], registry.run(champion.runId), nHeldOutRows))
  }
  const loadTest = (version: ModelVersion | undefined) =>
    version && registry.loadTest(version.name, version.version)
  const loadTests = { challenger: loadTest(challenger), champion: loadTest(champion) }
  return { challenger, champion, holdout, championIsReadable, loadTests, notes }
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

function judge(
  { challenger, champion, holdout, championIsReadable, loadTests, notes }: ScoredPair,
  policy: PromotionPolicy,
  { name, stage, force, dryRun }: PromoteOptions,
): PromotionReport {
  const { metric } = policy.metric
  const [evaluation, championEvaluation] = holdout.evaluations
  const { decision, clauses, allMet, reason } = judgePolicy(policy, {
    ...{ challenger: evaluation, champion: championEvaluation, loadTests },
    baselines: holdout.evaluatedBaselines,
  })
  // What replaces a champion that nobody could compare it with was forced, however good it is.
  const broken = champion !== undefined && !championIsReadable
  const { lakeVersion, split, nHeldOutRows, nHeldOutUsers } = holdout
  return {
    ...{ name, stage, outcome: outcomeOf(allMet && !broken, force), dryRun, reason, clauses },
    challenger: scoredVersion(challenger, evaluation.metrics[metric]),
    champion: champion ? scoredVersion(champion, championEvaluation?.metrics[metric] ?? null) : null,
    ...{ metric, gain: decision.gain, minGain: decision.neededGain },
    popularity: holdout.baselines.popularity[metric],
    ...{ lakeVersion, split, nHeldOutRows, nHeldOutUsers, notes },
  }
}

function scoredVersion({ version, algorithm }: ModelVersion, value: number | null): ScoredVersion {
  return { version, algorithm, value }
}

/** What is better needs no force. */
function outcomeOf(better: boolean, force: boolean): PromotionReport['outcome'] {
  if (better) return 'promoted'
  return force ? 'forced' : 'refused'
}

function carryOut(registry: Registry, report: PromotionReport, { dataDir, onceKey }: PromoteOptions): void {
  const { name, stage, challenger, champion, outcome, reason, clauses } = report
  const previous = champion?.version ?? null
  const entry = {
    name,
    version: challenger.version,
    stage,
    reason,
    figures: figuresOf(report),
    clauses,
    onceKey: onceKey ?? null,
  }
  if (outcome === 'refused') {
    registry.recordRefusal({ ...entry, previous })
    return
  }
  const action = outcome === 'forced' ? 'force' : 'promote'
  registry.changeStage({ ...entry, action, expectedPrevious: previous })
  if (stage === 'production') ringDoorbell(dataDir, { name, version: challenger.version })
}

/** What the audit trail says of a decision; the server is told once more, in case nobody came to do so. */
function decidedReport(registry: Registry, entry: AuditEntry, { dataDir }: PromoteOptions): PromotionReport {
  const { name, stage, version, previousVersion, action, reason, figures, clauses } = entry
  if (stage === 'production' && registry.inStage(name, 'production')?.version === version)
    ringDoorbell(dataDir, { name, version })
  const figure = (key: string) => Number(figures[key])
  const scored = (number: number, key: string): ScoredVersion => ({
    version: number,
    algorithm: registry.version(name, number).algorithm,
    value: typeof figures[key] === 'number' ? figure(key) : null,
  })
  return {
    ...{ name, stage: stage as PromotionReport['stage'], dryRun: false, reason, clauses },
    outcome: action === 'refuse' ? 'refused' : action === 'force' ? 'forced' : 'promoted',
    challenger: scored(version, 'challenger'),
    champion: previousVersion === null ? null : scored(previousVersion, 'champion'),
    ...{ metric: String(figures.metric), gain: figure('gain'), minGain: figure('minGain') },
    ...{ popularity: figure('popularity'), lakeVersion: figure('lakeVersion'), split: String(figures.split) },
    ...{ nHeldOutRows: figure('nHeldOutRows'), nHeldOutUsers: figure('nHeldOutUsers') },
    notes: figures.note === undefined ? [] : [String(figures.note)],
  }
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
