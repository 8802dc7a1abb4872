import { RecsysError } from '../../errors.ts'
import type { LoadComparison } from './compare-reports.ts'

/**
 * @param percent  a request may get slower by this much
 * @throws RECSYS_LOAD_SLOWER naming each request that surely got slower, and by more
 */
export function requireSpeed(comparison: LoadComparison, percent: number): void {
  const slower = comparison.requests.flatMap(({ request, changes }) =>
    changes
      .filter(({ interval: [low], changePercent }) => low > 0 && changePercent > percent)
      .map(({ percentile, changePercent }) => `${request} p${percentile} by ${changePercent.toFixed(1)} %`),
  )
  if (slower.length === 0) return
  throw new RecsysError('RECSYS_LOAD_SLOWER', {
    message: `slower than expected, ${percent} % at most: ${slower.join('; ')}`,
    data: { ...comparison },
  })
}
