/**
 * Pearson's χ² test that all rows of a table of counts come of one distribution, as text.
 * @param rows  counts, nRows × nColumns; columns without any count are left out
 */
export function homogeneity(rows: readonly (readonly number[])[]): string {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const columns = rows[0]!.map((_, c) => sum(rows.map((row) => row[c]!)))
  const used = columns.filter((count) => count > 0).length
  const total = sum(columns)
  let statistic = 0
  for (const row of rows) {
    for (const [c, count] of row.entries()) {
      const expected = (sum(row) * columns[c]!) / total
      if (expected > 0) statistic += (count - expected) ** 2 / expected
    }
  }
  const freedom = (rows.length - 1) * (used - 1)
  return `χ² = ${statistic.toFixed(2)} with ${freedom} degrees of freedom, p = ${tail(statistic, freedom).toFixed(3)}`
}

/** P(χ² > x): 1 - P(a, x) by the series of the lower incomplete gamma function (Abramowitz & Stegun 6.5.29). */
function tail(x: number, freedom: number): number {
  const [a, half] = [freedom / 2, x / 2]
  let [term, sum] = [1 / a, 1 / a]
  for (let n = 1; n < 10_000 && term > sum * 1e-15; n += 1) {
    term *= half / (a + n)
    sum += term
  }
  return Math.max(0, 1 - sum * Math.exp(-half + a * Math.log(half) - logGamma(a)))
}

/** Of a half-integer: Γ(1/2) = √π, Γ(1) = 1, Γ(a + 1) = a Γ(a). */
function logGamma(a: number): number {
  let [value, at] = a % 1 === 0 ? [0, 1] : [Math.log(Math.PI) / 2, 0.5]
  for (; at < a; at += 1) value += Math.log(at)
  return value
}
