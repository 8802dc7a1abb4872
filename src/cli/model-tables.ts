import { showDuration } from '../duration.ts'
import type { ModelDetails, ModelHistory, ModelList } from '../pipeline/model-queries.ts'
import type { Reign } from '../pipeline/reigns.ts'
import { between, headlineMetrics, pairs, printable, showTime } from './registry-text.ts'
import { renderTable } from './table.ts'

export function modelListTable({ versions }: ModelList): string {
  if (versions.length === 0) return 'No versions. Register one with `recsys train`.'
  const metrics = headlineMetrics(versions)
  const rows = versions.map((version) => [
    version.name,
    `v${version.version}`,
    version.stage === 'none' ? '' : version.stage,
    version.algorithm,
    ...metrics.map((metric) => version.metrics[metric]),
    version.runId,
    showTime(version.createdAt),
  ])
  return renderTable(['model', 'version', 'stage', 'algorithm', ...metrics, 'run', 'created (UTC)'], rows)
}

export function modelDetailsText({ version, run, artifact, feedback, history }: ModelDetails): string {
  const properties = [
    ['stage', version.stage],
    ['algorithm', version.algorithm],
    ['parameters', pairs(run.params)],
    ['run', version.runId],
    ['lake version', String(run.lakeVersion)],
    ['split', `${printable(run.split)}, seed ${run.seed}`],
    ['created (UTC)', showTime(version.createdAt)],
    ['artifact', `${version.artifactPath}, ${artifactLine(artifact)}`],
    ['manifest SHA-256', version.manifestSha256],
  ]
  const metrics = Object.entries(version.metrics)
  const parts = [`${version.name} v${version.version}`, renderTable(['property', 'value'], properties)]
  if (metrics.length > 0) parts.push(renderTable(['metric', 'value'], metrics))
  if (feedback) parts.push(feedbackText(feedback))
  if (history.length > 0) parts.push(history.map(eventText).join('\n'))
  return parts.join('\n')
}

function feedbackText({
  recommendations,
  events,
  clickThrough,
}: NonNullable<ModelDetails['feedback']>): string {
  const figures: (readonly [string, string | number])[] = [
    ['recommendations', recommendations],
    ...Object.entries(events).map(([type, count]) => [`${type}s`, count] as const),
    ['click-through', clickThrough === null ? '-' : `${(100 * clickThrough).toFixed(2)} %`],
  ]
  return renderTable(['feedback', 'value'], figures)
}

function artifactLine({ state, sizeBytes, problem }: ModelDetails['artifact']): string {
  if (state === 'sound') return `${((sizeBytes ?? 0) / 1e6).toFixed(1)} MB, checksums right`
  return `damaged: ${problem?.code}  ${printable(problem?.message ?? '')}`
}

/** The story of a model: every event with its reason and figures, then who was in production when. */
export function modelHistoryText({ entries, production }: ModelHistory, now: string): string {
  if (entries.length === 0) return 'Nothing has been promoted, refused or rolled back yet.'
  return [...entries.map(eventText), '', reignTable(production, now)].join('\n')
}

/** One event: a sentence, and indented below it why and on what figures. */
function eventText(entry: ModelHistory['entries'][number]): string {
  const lines = [`${showTime(entry.at)}  ${sentence(entry)}`]
  if (entry.reason !== '') lines.push(printable(entry.reason))
  const { note, ...figures } = entry.figures
  if (Object.keys(figures).length > 0) lines.push(pairs(figures))
  lines.push(...entry.clauses.map(clauseText))
  if (note !== undefined) lines.push(`Note: ${printable(String(note), 300)}`)
  return lines.join(`\n${' '.repeat(21)}`)
}

function clauseText({ clause, found, met }: ModelHistory['entries'][number]['clauses'][number]): string {
  return printable(`${met ? 'met' : 'missed'}: ${clause}: ${found}`, 300)
}

function sentence({
  action,
  name,
  version,
  previousVersion,
  stage,
}: ModelHistory['entries'][number]): string {
  const model = `${name} v${version}`
  const over = previousVersion === null ? '' : ` in place of v${previousVersion}`
  switch (action) {
    case 'promote':
      return `${model} went to ${stage}${over}`
    case 'force':
      return `${model} was forced to ${stage}${over}`
    case 'rollback':
      return `${model} came back to ${stage}${over}`
    case 'refuse':
      return `${model} was refused for ${stage}${previousVersion === null ? '' : `; v${previousVersion} stayed`}`
    case 'archive':
      return `${model} was archived`
    case 'canary':
      return `${model} is tried out on some users${over}`
    case 'shadow':
      return `${model} is tried out in the shadow${over}`
    case 'end-trial':
      return `the trial of ${model} ended`
  }
}

const arrivals: Readonly<Record<string, string>> = {
  promote: 'promoted',
  force: 'forced',
  rollback: 'rolled back to',
}

function reignTable(production: readonly Reign[], now: string): string {
  if (production.length === 0) return 'Nothing has been in production yet.'
  const rows = production.map(({ name, version, from, to, cameBy }) => [
    name,
    `v${version}`,
    arrivals[cameBy],
    showTime(from),
    to === null ? 'in production' : showTime(to),
    showDuration(between(from, to ?? now)),
  ])
  return renderTable(['model', 'version', 'how', 'from (UTC)', 'to (UTC)', 'for'], rows)
}
