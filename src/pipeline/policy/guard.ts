import { RecsysError } from '../../errors.ts'
import { findMetric, metricCatalogue } from '../../metrics/catalogue.ts'
import { loadTestMeasures } from '../attach-load-test.ts'
import type { Guard } from './types.ts'

const pattern = /^\s*([A-Za-z_]\w*(?:@\d+)?)\s*(>=|<=|>|<)\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(%?)\s*$/i

/**
 * `ndcg@10 >= -1%` bounds the change against the champion, `p95LatencyMs <= 50` the value itself.
 * @param k  of a metric of lists that is named without one
 * @throws RECSYS_USAGE naming what a guard may be
 */
export function parseGuard(text: string, k: number): Guard {
  const [, name, operator, digits, percent] = pattern.exec(text) ?? []
  if (name === undefined)
    throw wrongGuard(text, 'MEASURE >= BOUND or MEASURE <= BOUND, such as "ndcg@10 >= -1%"')
  const found = measureOf(text, name, k)
  const relative = percent === '%'
  requireUsefulSide(text, found, operator)
  return {
    text: text.trim().replace(/\s+/g, ' '),
    measure: found.measure,
    source: found.source,
    operator: operator as Guard['operator'],
    bound: Number(digits) / (relative ? 100 : 1),
    relative,
  }
}

interface Measure {
  readonly measure: string
  readonly source: Guard['source']
  readonly lowerIsBetter: boolean
}

function measureOf(text: string, name: string, k: number): Measure {
  if ((loadTestMeasures as readonly string[]).includes(name)) {
    return { measure: name, source: 'load test', lowerIsBetter: name.endsWith('LatencyMs') }
  }
  for (const measure of [name, `${name}@${k}`]) {
    const found = findMetric(measure)
    if (found) return { measure, source: 'metric', lowerIsBetter: found.spec.lowerIsBetter }
  }
  const metrics = metricCatalogue.map((spec) => (spec.ofLists ? `${spec.name}@k` : spec.name))
  throw wrongGuard(
    text,
    `one of ${metrics.join(', ')}, or of an attached load test ${loadTestMeasures.join(', ')}`,
  )
}

/** A bound on the side that nothing bad lies on would look like a guard and let everything through. */
function requireUsefulSide(text: string, { measure, lowerIsBetter }: Measure, operator: string): void {
  if (operator.startsWith(lowerIsBetter ? '<' : '>')) return
  const side = lowerIsBetter
    ? 'lower, so that the bound is above it: <= or <'
    : 'higher, so that the bound is below it: >= or >'
  throw wrongGuard(text, `a bound on the bad side; ${measure} is better when it is ${side}`)
}

function wrongGuard(text: string, expected: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--guard is ${JSON.stringify(text.slice(0, 80))}, expected ${expected}`,
    field: 'guard',
  })
}
