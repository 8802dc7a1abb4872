import type { TrainingSet } from './types.ts'

const secondsPerDay = 86_400

/**
 * How much each entry of `byUser` counts, in its order: halved for every half-life before the newest one, 1 for an entry of
 * unknown time.
 */
export function decayWeights(train: TrainingSet, halfLifeDays: number): Float32Array {
  const timestamps = train.timestamps()
  const weights = new Float32Array(timestamps.length).fill(1)
  let newest = Number.NEGATIVE_INFINITY
  for (const time of timestamps) if (time > newest) newest = time
  for (let entry = 0; entry < weights.length; entry++) {
    const age = newest - timestamps[entry]
    if (age >= 0) weights[entry] = halvings(age, halfLifeDays)
  }
  return weights
}

/** What an interaction counts, 1 for a new one. @param age  in seconds */
export function halvings(age: number, halfLifeDays: number): number {
  return 0.5 ** (age / (halfLifeDays * secondsPerDay))
}
