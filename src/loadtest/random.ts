/** Seeded uniform numbers in [0, 1). */
export type Random = () => number

/**
 * One stream a virtual user, so that what a user asks does not depend on how the others are scheduled.
 * xorshift32 (Marsaglia 2003, triple 13, 17, 5) over a mixed seed: plenty for drawing ids and think times.
 */
export function randomStream(seed: number, stream: number): Random {
  let state = mix(mix(seed) ^ stream) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Spreads neighbouring seeds over 32 bits: a multiply-xorshift finaliser with odd constants. */
function mix(seed: number): number {
  let hash = Math.imul(seed | 0, 0x2545f491) + 0x6d2b79f5
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39)
  return hash ^ (hash >>> 16)
}

/** @param values  not empty */
export function draw<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random() * values.length)] as T
}

export function drawBetween([min, max]: readonly [min: number, max: number], random: Random): number {
  return min + (max - min) * random()
}
