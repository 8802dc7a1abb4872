import { escapeHtml } from '../../escape-html.ts'
import type { PairedResult } from '../../metrics/paired/compare.ts'
import { signedPercent } from './html.ts'

/** One row a metric: the relative gain as a dot, its interval as a bar, zero as a line; the axis is shared. */
export function intervalPlot(results: readonly PairedResult[]): string {
  const rows = results.flatMap((result) => {
    const reference = Math.abs(result.champion)
    const [low, high] = result.interval.map((end) => end / reference)
    const row = { result, low, high, middle: result.relativeGain }
    return [low, high, row.middle].every(Number.isFinite) ? [row] : []
  })
  if (rows.length === 0) return '<p>Nothing can be compared.</p>'
  const least = Math.min(0, ...rows.map(({ low }) => low))
  const most = Math.max(0, ...rows.map(({ high }) => high))
  const margin = (most - least || 1) * 0.04
  const place = (value: number) => (100 * (value - least + margin)) / (most - least + 2 * margin)
  return `<div class="intervals">${rows.map((row) => plotRow(row, place)).join('')}</div>`
}

interface PlotRow {
  readonly result: PairedResult
  readonly low: number
  readonly high: number
  readonly middle: number
}

const styleOf = { better: 'good', worse: 'bad', 'not distinguishable': 'open' } as const

function plotRow({ result, low, high, middle }: PlotRow, place: (value: number) => number): string {
  const style = styleOf[result.verdict]
  const [left, right] = [place(low), place(high)]
  const words = `${signedPercent(middle)} (${signedPercent(low)} to ${signedPercent(high)})`
  return [
    `<div class="interval ${style}"><span class="metric">${escapeHtml(result.metric)}</span>`,
    `<span class="track" role="img" aria-label="${escapeHtml(words)}">`,
    `<i class="zero" style="left:${place(0).toFixed(2)}%"></i>`,
    `<i class="bar" style="left:${left.toFixed(2)}%;width:${Math.max(0.4, right - left).toFixed(2)}%"></i>`,
    `<i class="point" style="left:${place(middle).toFixed(2)}%"></i></span>`,
    `<span class="words"><span>${words}</span> <em>${escapeHtml(result.verdict)}, p ${showP(result.adjustedP)}</em></span></div>`,
  ].join('')
}

function showP(p: number): string {
  return p < 0.001 ? '&lt; 0.001' : p.toFixed(3)
}
