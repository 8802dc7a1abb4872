import type { RandomStream } from '../../kernels/random.ts'
import type { Dimension } from './space.ts'

/** A density over the places [0, 1) of one dimension. */
export interface Density {
  at(place: number): number
  draw(random: RandomStream): number
}

/** The Parzen estimator of observed places, with a flat prior that weighs as much as one of them. */
export function densityOf(dimension: Dimension, places: readonly number[]): Density {
  return dimension.kind === 'values'
    ? histogram(dimension.values.length, places)
    : mixture(places.toSorted((a, b) => a - b))
}

function histogram(nValues: number, places: readonly number[]): Density {
  const counts = new Array<number>(nValues).fill(1 / nValues)
  const indexAt = (place: number) => Math.min(nValues - 1, Math.floor(place * nValues))
  for (const place of places) counts[indexAt(place)]++
  const total = places.length + 1
  return {
    at: (place) => (counts[indexAt(place)] / total) * nValues,
    draw: (random) => {
      let rest = random.uniform() * total
      const value = counts.findIndex((count) => {
        rest -= count
        return rest < 0
      })
      return ((value < 0 ? nValues - 1 : value) + 0.5) / nValues
    },
  }
}

/**
 * Normals cut off at 0 and 1, each as wide as the farther of its neighbours is away (Bergstra et al. 2011, section 4), not
 * narrower than 1 ÷ (1 + points): few points must not end the search.
 */
function mixture(sorted: readonly number[]): Density {
  const least = 1 / Math.min(100, 1 + sorted.length)
  const widths = sorted.map((place, at) => {
    const [before, after] = [at > 0 ? sorted[at - 1] : 0, at + 1 < sorted.length ? sorted[at + 1] : 1]
    return Math.min(1, Math.max(least, place - before, after - place))
  })
  const masses = sorted.map(
    (place, at) => normalCdf((1 - place) / widths[at]) - normalCdf(-place / widths[at]),
  )
  return {
    at: (place) => {
      let sum = 1
      sorted.forEach((middle, at) => {
        const z = (place - middle) / widths[at]
        sum += Math.exp(-0.5 * z * z) / (Math.sqrt(2 * Math.PI) * widths[at] * masses[at])
      })
      return sum / (sorted.length + 1)
    },
    draw: (random) => {
      const chosen = Math.floor(random.uniform() * (sorted.length + 1))
      if (chosen === sorted.length) return random.uniform()
      for (;;) {
        const place = sorted[chosen] + widths[chosen] * random.normal()
        if (place >= 0 && place < 1) return place
      }
    },
  }
}

/** Φ by Abramowitz & Stegun 7.1.26: off by less than 2e-7. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const polynomial =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const erf = 1 - polynomial * Math.exp(-x * x)
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2
}
