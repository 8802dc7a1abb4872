/** How times, durations and other people's words are shown in tables of the registry. */

/** `2026-03-01 09:15:02`, UTC. */
export function showTime(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, 19).replace('T', ' ')
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
