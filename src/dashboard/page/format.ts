/** `2026-11-27 14:03:22`, in the time of whoever reads it. */
export function time(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE')
}

export function count(n: number): string {
  return n.toLocaleString('en-US')
}

/** Four significant digits are enough to see who is better. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (Number.isInteger(value)) return count(value)
  return Math.abs(value) >= 1000 ? count(Math.round(value)) : String(Number(value.toPrecision(4)))
}

export function percent(share: number | null, digits = 1): string {
  return share === null ? '–' : `${(100 * share).toFixed(digits)} %`
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`
  return n < 1e6 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`
}

/** From one time to another, or until now. */
export function between(from: string | null, to: string | null): string {
  if (from === null) return '–'
  return duration((to === null ? Date.now() : Date.parse(to)) - Date.parse(from))
}

/** The metrics that people look at first, then the others. */
export function metricNames(all: readonly Readonly<Record<string, number>>[]): string[] {
  const names = new Set(all.flatMap((metrics) => Object.keys(metrics)))
  const first = ['rmse', 'mae', ...[...names].filter((name) => /^(ndcg|recall)@/.test(name))]
  return [...new Set([...first.filter((name) => names.has(name)), ...names])]
}
