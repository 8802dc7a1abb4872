import { existsSync } from 'node:fs'
import { LRUCache } from 'lru-cache'
import { deliverDue } from '../../flow/deliver-webhooks.ts'
import { compareVersions } from '../../pipeline/compare-versions.ts'
import { promote } from '../../pipeline/promote.ts'
import { rollback } from '../../pipeline/rollback.ts'
import { EventReader, journalPath } from '../../registry/event-journal.ts'
import type { AuditEntry, ModelVersion } from '../../registry/types.ts'
import type { Answers, ClickThrough, CompareAnswer, ModelAnswer } from '../types.ts'
import type { AnswerContext, QuestionParams } from './context.ts'

/** Decisions and versions beyond these are looked up with the command line. */
const mostRecent = 10
const mostHistory = 500

export function overview({ registry, modelName, dataDir }: AnswerContext): Answers['overview'] {
  const versions = registry.versions(modelName)
  return {
    name: modelName,
    production: registry.inStage(modelName, 'production') ?? null,
    staging: registry.inStage(modelName, 'staging') ?? null,
    trial: registry.trial(modelName) ?? null,
    counts: registry.counts(),
    lastFlow: registry.flowRuns({ limit: 1 })[0] ?? null,
    clickThrough: clickThroughOf(dataDir, versions.slice(-mostRecent).reverse()),
    history: registry.history(modelName).slice(-mostRecent).reverse(),
  }
}

function clickThroughOf(dataDir: string, versions: readonly ModelVersion[]): ClickThrough[] {
  if (!existsSync(journalPath(dataDir))) return []
  const reader = new EventReader(dataDir)
  try {
    return versions.flatMap(({ version }) => {
      const feedback = reader.feedbackOn(version)
      if (feedback === null || feedback.recommendations === 0) return []
      const { recommendations, events, clickThrough } = feedback
      return [{ version, recommendations, clicks: events.click, clickThrough }]
    })
  } finally {
    reader.close()
  }
}

export function models({ registry }: AnswerContext): Answers['models'] {
  const versions = registry.versions()
  return {
    names: [...new Set(versions.map(({ name }) => name))],
    versions: versions.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || b.version - a.version),
    history: registry.history().slice(-mostHistory).reverse(),
  }
}

export function model(context: AnswerContext, { name, version }: QuestionParams): Answers['model'] {
  const { registry, dataDir } = context
  const found = registry.version(String(name), Number(version))
  const concerns = ({ version: own, previousVersion, action }: AuditEntry) =>
    own === found.version || (previousVersion === found.version && action !== 'refuse')
  return {
    ...describe(context, found),
    clickThrough: clickThroughOf(dataDir, [found])[0] ?? null,
    history: registry.history(found.name).filter(concerns).reverse(),
    loadTest: registry.loadTest(found.name, found.version)?.figures ?? null,
  }
}

function describe(
  { registry }: AnswerContext,
  version: ModelVersion,
): Pick<ModelAnswer, 'version' | 'run' | 'epochs'> {
  return { version, run: registry.run(version.runId), epochs: registry.epochs(version.runId) }
}

/** Comparisons take seconds and do not change: what was asked for lately is kept, also while it is computed. */
const comparisons = new LRUCache<string, Promise<CompareAnswer>>({ max: 20 })

export function compare(
  context: AnswerContext,
  { name, first, second }: QuestionParams,
): Promise<CompareAnswer> {
  const [challenger, champion] = [first, second].map((number) =>
    context.registry.version(String(name), Number(number)),
  )
  const key = `${challenger!.runId} ${champion!.runId}`
  const known = comparisons.get(key)
  if (known) return known
  const comparing = compareNow(context, challenger!, champion!)
  comparisons.set(key, comparing)
  comparing.catch(() => comparisons.delete(key))
  return comparing
}

async function compareNow(
  context: AnswerContext,
  challenger: ModelVersion,
  champion: ModelVersion,
): Promise<CompareAnswer> {
  const comparison = await compareVersions({
    ...{ dataDir: context.dataDir, name: challenger.name, version: challenger.version },
    ...{ against: `v${champion.version}`, ks: [10], confidence: 0.95, seed: 42 },
  })
  return { comparison, challenger: describe(context, challenger), champion: describe(context, champion) }
}

export async function promoteVersion(
  { dataDir }: AnswerContext,
  { name, version, stage, force }: QuestionParams,
): Promise<Answers['promote']> {
  const report = await promote({
    ...{ dataDir, name: String(name), version: Number(version), stage: stage as 'production', policy: {} },
    ...{ force: force === true, dryRun: false },
  })
  tellWebhooks(dataDir)
  return { outcome: report.outcome, reason: report.reason, version: report.challenger.version }
}

export async function rollBack(
  { dataDir }: AnswerContext,
  { name, reason }: QuestionParams,
): Promise<Answers['rollback']> {
  const { version, replaced } = await rollback({ dataDir, name: String(name), reason: String(reason) })
  tellWebhooks(dataDir)
  return { version, replaced }
}

/** Nobody waits for receivers; what fails is sent again by whoever runs a flow or a scheduler. */
function tellWebhooks(dataDir: string): void {
  deliverDue(dataDir).catch(() => undefined)
}
