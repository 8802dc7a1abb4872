import type { Strategy } from './suggest.ts'

/** The losses of a trial by epoch, as far as it came: the less, the better. */
export type LossCurve = ReadonlyMap<number, number>

/** Curves that a median means something of. */
const leastCurves = 5
/** Epochs in which everything is bad. */
const graceEpochs = 2
/** Of those that reach a rung, one in so many goes on. */
const reduction = 3

/**
 * Whether a trial is without hope after an epoch, from what the trials before its batch were worth there.
 *
 * `tpe`, `random`: its best so far is worse than the median of the others' bests at that epoch (the median stopping rule of
 * Golovin et al. 2017, Google Vizier). `halving`: at rungs of nEpochs ÷ 3^i it is not among the best third (successive halving,
 * Jamieson & Talwalkar 2016, in the asynchronous form of Li et al. 2020).
 */
export function isHopeless(
  strategy: Strategy,
  own: LossCurve,
  epoch: number,
  nEpochs: number,
  others: readonly LossCurve[],
): boolean {
  if (epoch >= nEpochs) return false
  return strategy === 'halving' ? isOutOfRung(own, epoch, nEpochs, others) : isBelowMedian(own, epoch, others)
}

function isBelowMedian(own: LossCurve, epoch: number, others: readonly LossCurve[]): boolean {
  if (epoch <= graceEpochs) return false
  const there = others.filter((curve) => curve.has(epoch)).map((curve) => bestUntil(curve, epoch))
  if (there.length < leastCurves) return false
  there.sort((a, b) => a - b)
  return bestUntil(own, epoch) > there[there.length >> 1]
}

function isOutOfRung(own: LossCurve, epoch: number, nEpochs: number, others: readonly LossCurve[]): boolean {
  if (!rungsOf(nEpochs).includes(epoch)) return false
  const there = others.filter((curve) => curve.has(epoch)).map((curve) => bestUntil(curve, epoch))
  if (there.length < reduction) return false
  const mine = bestUntil(own, epoch)
  const rank = there.filter((loss) => loss < mine).length
  return rank >= Math.ceil((there.length + 1) / reduction)
}

/** Epochs at which trials are compared, from the first to the last but one. */
function rungsOf(nEpochs: number): number[] {
  const rungs: number[] = []
  for (let epoch = nEpochs / reduction; epoch >= 1; epoch /= reduction) rungs.push(Math.round(epoch))
  return rungs
}

function bestUntil(curve: LossCurve, epoch: number): number {
  let best = Number.POSITIVE_INFINITY
  for (const [at, loss] of curve) if (at <= epoch && loss < best) best = loss
  return best
}
