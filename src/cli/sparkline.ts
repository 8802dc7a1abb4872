const bars = '▁▂▃▄▅▆▇█'
const mostBars = 40

/** A line of bars from the least to the greatest value; longer series are thinned out, what is not finite is a gap. */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const nBars = Math.min(mostBars, values.length)
  const step = (values.length - 1) / Math.max(1, nBars - 1)
  return Array.from({ length: nBars }, (_, at) => bar(values[Math.round(at * step)], low, high)).join('')
}

function bar(value: number, low: number, high: number): string {
  if (!Number.isFinite(value)) return ' '
  const share = high > low ? (value - low) / (high - low) : 0
  return bars[Math.round(share * (bars.length - 1))]
}
