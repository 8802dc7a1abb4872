import { escapeHtml } from '../../escape-html.ts'

/** Lines over the same places on the x-axis, which are spread evenly. */
export interface LineChart {
  readonly title: string
  /** What stands below the x-axis, one a place. */
  readonly ticks: readonly string[]
  readonly lines: readonly ChartLine[]
}

export interface ChartLine {
  readonly label: string
  /** Class of the page's style: `line-0` … */
  readonly style: string
  /** NaN leaves a gap. */
  readonly values: readonly number[]
}

/** So small that its letters can be read on a telephone; a wide page puts several side by side. */
const size = { width: 360, height: 220, left: 46, right: 10, top: 10, bottom: 24 }
/** More labels than this run into each other. */
const mostTicks = 8

/** A figure with inline SVG, styled by the page. */
export function lineChart(chart: LineChart): string {
  const values = chart.lines.flatMap((line) => line.values).filter(Number.isFinite)
  if (values.length === 0) return ''
  const [low, high] = rangeOf(values)
  const nPlaces = chart.ticks.length
  const x = (at: number) =>
    nPlaces < 2
      ? (size.left + size.width - size.right) / 2
      : size.left + (at / (nPlaces - 1)) * (size.width - size.left - size.right)
  const y = (value: number) =>
    size.height - size.bottom - ((value - low) / (high - low)) * (size.height - size.top - size.bottom)
  const title = escapeHtml(chart.title)
  return [
    `<figure><figcaption>${title}</figcaption>`,
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}">`,
    ...[0, 0.5, 1].map((part) => gridLine(low + part * (high - low), y)),
    ...tickLabels(chart.ticks, x),
    ...chart.lines.map((line) => drawnLine(line, chart.ticks, x, y)),
    '</svg></figure>',
  ].join('')
}

/** A little more than the values, and never of no height. */
function rangeOf(values: readonly number[]): [low: number, high: number] {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const margin = (most - least) * 0.06 || Math.abs(most) * 0.05 || 1
  return [least >= 0 ? Math.max(0, least - margin) : least - margin, most + margin]
}

type Scale = (value: number) => number

function gridLine(value: number, y: Scale): string {
  const at = y(value).toFixed(1)
  const label = Math.abs(value) >= 1000 ? value.toExponential(1) : String(+value.toPrecision(3))
  return (
    `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${at}" y2="${at}"/>` +
    `<text class="axis" x="${size.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${label}</text>`
  )
}

function tickLabels(ticks: readonly string[], x: Scale): string[] {
  const step = Math.ceil(ticks.length / mostTicks)
  return ticks.flatMap((tick, at) => {
    if (at % step !== 0) return []
    return `<text class="axis" x="${x(at).toFixed(1)}" y="${size.height - 7}" text-anchor="middle">${escapeHtml(tick)}</text>`
  })
}

function drawnLine(line: ChartLine, ticks: readonly string[], x: Scale, y: Scale): string {
  const runs = runsOf(line.values)
  const paths = runs.map((run) => {
    const points = run.map((at) => `${x(at).toFixed(1)},${y(line.values[at]).toFixed(1)}`)
    return `<path class="line ${line.style}" d="M${points.join(' L')}"/>`
  })
  const dots =
    ticks.length > 20 ? [] : runs.flat().map((at) => dot(line, ticks[at], x(at), y(line.values[at]), at))
  return paths.join('') + dots.join('')
}

function dot({ label, style, values }: ChartLine, tick: string, x: number, y: number, at: number): string {
  const title = escapeHtml(`${label}, ${tick}: ${+values[at].toPrecision(4)}`)
  return `<circle class="dot ${style}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.5"><title>${title}</title></circle>`
}

/** Places of finite values without a gap between them. */
function runsOf(values: readonly number[]): number[][] {
  const runs: number[][] = [[]]
  values.forEach((value, at) => {
    if (Number.isFinite(value)) runs.at(-1)?.push(at)
    else runs.push([])
  })
  return runs.filter((run) => run.length > 0)
}

/** What the lines of several charts mean, once for all of them. */
export function legend(lines: readonly Pick<ChartLine, 'label' | 'style'>[]): string {
  const items = lines.map(
    ({ label, style }) => `<li><i class="swatch ${style}"></i>${escapeHtml(label)}</li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}
