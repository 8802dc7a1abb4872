/** How times, durations and other people's words are shown in tables of the registry. */

/** `2026-03-01 09:15:02`, UTC. */
export function showTime(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, 19).replace('T', ' ')
}

/** `412 ms`, `3.2 s`, `4 min 05 s`, `3 h 20 min`, `12 d 3 h` */
export function showDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h ${pad(minutes % 60)} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

export function between(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from)
}

/** Words that came from outside: control characters could drive the terminal. */
export function printable(text: string, longest = 120): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ')
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain
}

/** `factors=50 reg=0.1` */
export function pairs(values: Readonly<Record<string, string | number | boolean>>): string {
  const shown = Object.entries(values).map(([name, value]) => printable(`${name}=${showValue(value)}`))
  return shown.length === 0 ? '-' : shown.join(' ')
}

/** Figures of an audit row: four decimals are enough to see who won. */
function showValue(value: string | number | boolean): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value)
  return String(Number(value.toPrecision(5)))
}

/** The metrics that fit on a line, in this order; `@k` stands for any length of list. */
const headlines = ['rmse', 'mae', 'ndcg@', 'recall@']

export function headlineMetrics(
  rows: readonly { readonly metrics: Readonly<Record<string, number>> }[],
): string[] {
  const names = new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))
  return headlines.flatMap((head) =>
    [...names].filter((name) => (head.endsWith('@') ? name.startsWith(head) : name === head)),
  )
}
