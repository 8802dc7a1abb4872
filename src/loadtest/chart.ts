import type { SecondSample } from './types.ts'

/** One line over time. `values[i]` belongs to `seconds[i]`; null leaves a gap. */
export interface Series {
  readonly title: string
  readonly unit: string
  readonly seconds: readonly number[]
  readonly values: readonly (number | null)[]
  /** A limit to compare with, drawn as a dashed line unless the values are far below it. */
  readonly goal?: number
}

const size = { width: 880, height: 200, left: 56, right: 12, top: 12, bottom: 26 }
/** More points than this cannot be told apart on paper. */
const maxPoints = 600

/** Requests a second that ended in each second. */
export function rateSeries(timeline: readonly SecondSample[]): Series {
  const points = thin(timeline)
  const values = points.map(
    (samples) => sum(samples.map(({ requests }) => requests)) / spanOf(samples, timeline),
  )
  return { title: 'Requests per second', unit: '/s', seconds: ends(points), values }
}

/** Of several seconds under one point the highest is shown: percentiles are never averaged. */
export function latencySeries(timeline: readonly SecondSample[], goal?: number): Series {
  const points = thin(timeline)
  const values = points.map((samples) => highest(samples.map(({ p95Ms }) => p95Ms)))
  const series = { title: 'p95 latency', unit: 'ms', seconds: ends(points), values }
  return goal === undefined ? series : { ...series, goal }
}

/** The series as inline SVG, styled by the page: classes `line`, `area`, `grid`, `goal`, `axis`. */
export function lineChart(series: Series): string {
  const lastSecond = Math.max(series.seconds.at(-1) ?? 1, 1)
  const highestValue = highest(series.values) ?? 0
  const goal = visibleGoal(series.goal, highestValue)
  const top = niceCeiling(Math.max(highestValue, goal ?? 0, 1e-3))
  const x = (second: number) => size.left + (second / lastSecond) * (size.width - size.left - size.right)
  const y = (value: number) =>
    size.height - size.bottom - (value / top) * (size.height - size.top - size.bottom)
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${series.title} over time">`,
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => gridLine(y(part * top), formatTick(part * top, series.unit))),
    ...timeTicks(lastSecond).map((second) => timeLabel(x(second), second)),
    ...segments(series).map((segment) => path(segment, x, y)),
    goal === undefined ? '' : goalLine(y(goal)),
    '</svg>',
  ].join('')
}

/** A goal far above the values would press them to the floor. */
function visibleGoal(goal: number | undefined, highestValue: number): number | undefined {
  return goal !== undefined && goal <= 4 * highestValue ? goal : undefined
}

type Point = readonly [second: number, value: number]

/** Runs of points without a gap between them. */
function segments({ seconds, values }: Series): Point[][] {
  const runs: Point[][] = [[]]
  for (const [index, value] of values.entries()) {
    if (value === null) runs.push([])
    else runs.at(-1)?.push([seconds[index] as number, value])
  }
  return runs.filter((run) => run.length > 0)
}

function path(points: Point[], x: (second: number) => number, y: (value: number) => number): string {
  const line = points.map(([second, value]) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`).join(' L')
  const [first, last] = [x(points[0]?.[0] ?? 0).toFixed(1), x(points.at(-1)?.[0] ?? 0).toFixed(1)]
  const floor = y(0).toFixed(1)
  return `<path class="area" d="M${first},${floor} L${line} L${last},${floor} Z"/><path class="line" d="M${line}"/>`
}

function gridLine(y: number, label: string): string {
  const at = y.toFixed(1)
  return (
    `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${at}" y2="${at}"/>` +
    `<text class="axis" x="${size.left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${label}</text>`
  )
}

function goalLine(y: number): string {
  return `<line class="goal" x1="${size.left}" x2="${size.width - size.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`
}

function timeLabel(x: number, second: number): string {
  const text = second >= 120 ? `${+(second / 60).toFixed(1)} min` : `${second} s`
  return `<text class="axis" x="${x.toFixed(1)}" y="${size.height - 8}" text-anchor="middle">${text}</text>`
}

function timeTicks(lastSecond: number): number[] {
  const step = niceCeiling(lastSecond / 6)
  return Array.from(
    { length: Math.floor(lastSecond / step + 1e-9) + 1 },
    (_, index) => +(index * step).toFixed(3),
  )
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below the value. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10
  return factor * power
}

function formatTick(value: number, unit: string): string {
  return `${+value.toPrecision(3)} ${unit}`
}

function thin(timeline: readonly SecondSample[]): SecondSample[][] {
  const perPoint = Math.max(1, Math.ceil(timeline.length / maxPoints))
  const points: SecondSample[][] = []
  for (let at = 0; at < timeline.length; at += perPoint) points.push(timeline.slice(at, at + perPoint))
  return points
}

function ends(points: readonly SecondSample[][]): number[] {
  return points.map((samples) => samples.at(-1)?.second ?? 0)
}

/** Seconds from the end of the sample before these to the end of the last. */
function spanOf(samples: readonly SecondSample[], timeline: readonly SecondSample[]): number {
  const before = timeline[timeline.indexOf(samples[0] as SecondSample) - 1]?.second ?? 0
  return Math.max((samples.at(-1)?.second ?? 0) - before, 1e-3)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((most, value) => Math.max(most, value))
}
