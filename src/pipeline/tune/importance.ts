import { densityOf } from './parzen.ts'
import type { Dimension } from './space.ts'
import type { Observation } from './suggest.ts'

export interface ParameterImportance {
  readonly name: string
  /** The shares of all parameters sum to 1. */
  readonly share: number
}

const nPlaces = 100
const goodShare = 0.2

/**
 * PED-ANOVA (Watanabe, Bansal & Hutter 2023): the Pearson divergence of the density of the good trials from that of all, by
 * parameter. One that does not matter looks the same among the good and among all. Most important first; empty of fewer than
 * ten trials.
 */
export function importances(
  space: readonly Dimension[],
  observations: readonly Observation[],
): ParameterImportance[] {
  const finished = observations
    .filter(({ loss }) => Number.isFinite(loss))
    .toSorted((a, b) => a.loss - b.loss)
  if (finished.length < 10) return []
  const nGood = Math.max(3, Math.ceil(goodShare * finished.length))
  const divergences = space.map((dimension, at) => {
    const places = finished.map(({ place }) => place[at])
    const [good, all] = [densityOf(dimension, places.slice(0, nGood)), densityOf(dimension, places)]
    let sum = 0
    for (let step = 0; step < nPlaces; step++) {
      const place = (step + 0.5) / nPlaces
      sum += (good.at(place) / all.at(place) - 1) ** 2 * all.at(place)
    }
    return { name: dimension.name, divergence: sum / nPlaces }
  })
  const total = divergences.reduce((sum, { divergence }) => sum + divergence, 0)
  return divergences
    .map(({ name, divergence }) => ({ name, share: total > 0 ? divergence / total : 0 }))
    .sort((a, b) => b.share - a.share)
}
