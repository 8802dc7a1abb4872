/**
 * Adjusts p for as many looks as there are metrics (Holm 1979): of m values in ascending order the i-th, from 0, is
 * multiplied by m − i, and never falls below the one before. At most 1; a NaN stays and counts as no look.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].filter((at) => !Number.isNaN(pValues[at]))
  order.sort((a, b) => pValues[a] - pValues[b] || a - b)
  const adjusted = [...pValues]
  let least = 0
  order.forEach((at, rank) => {
    least = Math.min(1, Math.max(least, (order.length - rank) * pValues[at]))
    adjusted[at] = least
  })
  return adjusted
}
