import { escapeHtml } from '../../escape-html.ts'
import type { PairedResult } from '../../metrics/paired/compare.ts'
import { subjectText } from '../../pipeline/evaluate.ts'
import type {
  EvaluationDetails,
  ExampleItem,
  ExampleUser,
  NamedMetrics,
} from '../../pipeline/report/types.ts'
import { pairs } from '../registry-text.ts'
import { formatNumber, type HtmlCell, htmlTable, signedPercent } from './html.ts'
import { intervalPlot } from './interval-plot.ts'
import { legend, lineChart } from './line-chart.ts'
import { styles } from './styles.ts'

/** One page without scripts, fonts or requests of its own; everything that came from outside is escaped. */
export function evaluationPage(details: EvaluationDetails): string {
  const title = subjectText(details)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evaluation of ${escapeHtml(title)}</title>
<style>${styles}</style>
</head>
<body>
<main>
${header(details, title)}
${details.notes.map((note) => `<p class="warning">${escapeHtml(note)}</p>`).join('')}
${metricSection(details)}
${comparisonSections(details)}
${curveSection(details)}
${segmentSection(details)}
${learningSection(details)}
${exampleSection(details)}
<footer>Every held-out item of a user counts as relevant, whatever its rating; lists come from the whole catalogue without what the user was known to have. Formulas: recsys evaluate --explain-metrics.</footer>
</main>
</body>
</html>
`
}

function header(details: EvaluationDetails, title: string): string {
  const { algorithm, stage, runId, params, seed, lakeVersion, split, trainedAt, counts } = details
  const facts = [
    ['run', runId],
    ['trained', `${trainedAt.slice(0, 16).replace('T', ' ')} UTC`],
    ['lake version', String(lakeVersion)],
    ['split', split],
    ['seed', String(seed)],
    ['learnt from', `${formatNumber(counts.nTrainRows)} ratings`],
    [
      'held out',
      `${formatNumber(counts.nHeldOutRows)} ratings of ${formatNumber(counts.nHeldOutUsers)} users`,
    ],
    ['cold', `${formatNumber(counts.nColdUsers)} users, ${formatNumber(counts.nColdItems)} items`],
    ['parameters', pairs(params)],
  ]
  const items = facts.map(([name, value]) => `<li>${name} <b>${escapeHtml(value)}</b></li>`)
  return `<header><p class="eyebrow">recsys evaluation</p><h1>${escapeHtml(`${title}: ${algorithm}${stage === 'none' ? '' : `, in ${stage}`}`)}</h1><ul class="facts">${items.join('')}</ul>${verdict(details)}</header>`
}

const verdictStyle = { better: 'good', worse: 'bad', 'not distinguishable': '' } as const

/** Against the champion where there is one: what a reader wants to know first. */
function verdict({ comparisons, segmentResults, confidence, counts }: EvaluationDetails): string {
  const [first] = comparisons
  const result: PairedResult | undefined = first?.results[0]
  if (segmentResults.length === 0 || result === undefined) return ''
  const [low, high] = result.interval.map((end) => signedPercent(end / Math.abs(result.champion)))
  const what =
    result.verdict === 'not distinguishable' ? 'Not distinguishable from' : `${capital(result.verdict)} than`
  const text = `${what} ${first.against} in ${result.metric}: ${signedPercent(result.relativeGain)}, ${percent(confidence)} interval ${low} to ${high}, ${formatNumber(counts.nHeldOutUsers)} users.`
  return `<p class="verdict ${verdictStyle[result.verdict]}">${escapeHtml(text)}</p>`
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1)
}

/** Of these the best is marked; of coverage, novelty and the like nobody can say which way is better. */
const lowerIsBetter = ['rmse', 'mae']
const higherIsBetter = ['auc', 'ndcg', 'recall', 'recall_min', 'precision', 'map', 'mrr', 'hitRate']

function metricSection({ models, ks }: EvaluationDetails): string {
  const asked = (name: string) => !name.includes('@') || ks.includes(Number(name.split('@')[1]))
  const names = Object.keys(models.at(-1)?.metrics ?? {}).filter(asked)
  // The model itself comes first: a narrow screen shows the first columns.
  const columns = models.toReversed()
  const rows = names.map((name) => [name, ...metricCells(name, columns)])
  return section(
    'Metrics',
    'Beside the rows that every model must be shown against; the best of each accuracy metric is bold. rmse and mae are better when they are lower.',
    htmlTable(['', ...columns.map(({ label }) => label)], rows),
  )
}

function metricCells(name: string, models: readonly NamedMetrics[]): HtmlCell[] {
  const values = models.map(({ metrics }) => metrics[name] ?? Number.NaN)
  const best = bestOf(name.split('@')[0], values.filter(Number.isFinite))
  return values.map((value) => (value === best ? { html: `<b>${formatNumber(value)}</b>` } : value))
}

function bestOf(name: string, values: readonly number[]): number | undefined {
  if (lowerIsBetter.includes(name)) return Math.min(...values)
  return higherIsBetter.includes(name) ? Math.max(...values) : undefined
}

function comparisonSections({ comparisons, confidence }: EvaluationDetails): string {
  const parts = comparisons.map(
    ({ against, results }) => `<h3>Against ${escapeHtml(against)}</h3>${intervalPlot(results)}`,
  )
  return section(
    'Gains, user by user',
    `Relative gains with ${percent(confidence)} intervals by bootstrap over users; the dashed line is no gain. p is of a randomisation test, adjusted by Holm for the metrics of a block.`,
    parts.join(''),
  )
}

const curveMetrics = ['ndcg', 'recall', 'precision', 'hitRate', 'coverage']

function curveSection({ models, curveKs }: EvaluationDetails): string {
  if (curveKs.length < 2) return ''
  const lines = models.map(({ label }, at) => ({ label, style: lineStyle(at, models.length) }))
  const charts = curveMetrics.map((metric) =>
    lineChart({
      title: `${metric}@k`,
      ticks: curveKs.map(String),
      lines: models.map(({ metrics }, at) => ({
        ...lines[at],
        values: curveKs.map((k) => metrics[`${metric}@${k}`] ?? Number.NaN),
      })),
    }),
  )
  return section(
    'Over the length of the list',
    `k from ${curveKs[0]} to ${curveKs.at(-1)}.`,
    legend(lines) + grid(charts),
  )
}

/** The model itself always has the last colour. */
function lineStyle(at: number, nModels: number): string {
  return at === nModels - 1 ? 'line-4' : `line-${at}`
}

const segmentMetrics = ['rmse', 'ndcg', 'recall', 'hitRate']

function segmentSection({ segments, segmentResults, ks }: EvaluationDetails): string {
  if (segments.length === 0) return ''
  const names = Object.keys(segments[0].metrics).filter((name) => {
    const [base, k] = name.split('@')
    return segmentMetrics.includes(base) && (k === undefined || Number(k) === ks.at(-1))
  })
  const gains = new Map(segmentResults.map((result) => [`${result.segment} ${result.metric}`, result]))
  const gained = segmentResults[0]?.metric
  const rows = segments.map(({ name, nUsers, nHeldOutRows, metrics }) => {
    const gain = gains.get(`${name} ${gained}`)
    const own = [name, nUsers, nHeldOutRows, ...names.map((metric) => metrics[metric])]
    return gained === undefined ? own : [...own, gain === undefined ? null : gainText(gain)]
  })
  const columns = [
    'segment',
    'users',
    'rows',
    ...names,
    ...(gained === undefined ? [] : [`gain in ${gained}`]),
  ]
  return section(
    'Segments',
    'Quartiles by activity, cold and warm users, popularity of items, categories.',
    htmlTable(columns, rows),
  )
}

function gainText({
  relativeGain,
  interval,
  champion,
}: Pick<PairedResult, 'relativeGain' | 'interval' | 'champion'>): string {
  const [low, high] = interval.map((end) => signedPercent(end / Math.abs(champion)))
  return `${signedPercent(relativeGain)} (${low} to ${high})`
}

function learningSection({ learning }: EvaluationDetails): string {
  const epochs = [...new Set(learning.map(({ epoch }) => epoch))]
  if (epochs.length < 2) return ''
  const names = [...new Set(learning.map(({ metric }) => metric))]
  const values = new Map(learning.map(({ epoch, metric, value }) => [`${epoch} ${metric}`, value]))
  const charts = names.map((metric) =>
    lineChart({
      title: metric,
      ticks: epochs.map(String),
      lines: [
        {
          label: metric,
          style: 'line-4',
          values: epochs.map((epoch) => values.get(`${epoch} ${metric}`) ?? Number.NaN),
        },
      ],
    }),
  )
  return section(
    'Learning curve',
    'By epoch; heldOut… and validation… are of a sample of users.',
    grid(charts),
  )
}

function exampleSection({ examples }: EvaluationDetails): string {
  if (examples.length === 0) return ''
  return section(
    'What some users would get',
    'One user of each quartile of activity, chosen by a hash of the id. Green: held out, and found.',
    `<div class="examples">${examples.map(exampleCard).join('')}</div>`,
  )
}

function exampleCard(example: ExampleUser): string {
  const { userId, segment, nTrainRows, nHeldOutRows, history, recommendations } = example
  const recommended = recommendations.map(
    (item) => `<li${item.isHit ? ' class="hit"' : ''}>${itemText(item)}</li>`,
  )
  return [
    `<div class="example"><h3>User ${escapeHtml(userId)}</h3>`,
    `<p class="note">${escapeHtml(segment)}: ${formatNumber(nTrainRows)} ratings known, ${formatNumber(nHeldOutRows)} held out</p>`,
    `<h4>Liked best</h4><ul>${history.map((item) => `<li>${itemText(item)}</li>`).join('') || '<li>–</li>'}</ul>`,
    `<h4>Recommended</h4><ol>${recommended.join('')}</ol></div>`,
  ].join('')
}

function itemText({ itemId, title, rating }: ExampleItem): string {
  const name = title === null || title === '' ? itemId : title
  return `${escapeHtml(name)}${rating === null ? '' : `<small>rated ${+rating.toFixed(2)}</small>`}`
}

function section(title: string, note: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2><p class="note">${escapeHtml(note)}</p>${body}</section>`
}

function grid(charts: readonly string[]): string {
  return `<div class="charts">${charts.join('')}</div>`
}

function percent(share: number): string {
  return `${+(100 * share).toPrecision(4)} %`
}
