import type { Random } from './random.ts'

/**
 * Ranks 1 to n by Zipf's law, P(rank) ∝ rank^-exponent, in constant time and memory: rejection-inversion (Hörmann and
 * Derflinger 1996, "Rejection-inversion to generate variates from monotone discrete distributions").
 * @param n  1 at least
 * @param exponent  above 0
 */
export class ZipfSampler {
  readonly #n: number
  readonly #exponent: number
  readonly #integralOfFirst: number
  readonly #integralOfLast: number
  readonly #shortcut: number

  constructor(n: number, exponent: number) {
    this.#n = n
    this.#exponent = exponent
    this.#integralOfFirst = this.#integral(1.5) - 1
    this.#integralOfLast = this.#integral(n + 0.5)
    this.#shortcut = 2 - this.#inverse(this.#integral(2.5) - 2 ** -exponent)
  }

  draw(random: Random): number {
    for (;;) {
      const u = this.#integralOfLast + random() * (this.#integralOfFirst - this.#integralOfLast)
      const x = this.#inverse(u)
      const rank = Math.min(Math.max(Math.floor(x + 0.5), 1), this.#n)
      if (rank - x <= this.#shortcut || u >= this.#integral(rank + 0.5) - rank ** -this.#exponent) return rank
    }
  }

  /** ∫ t^-exponent dt from 1 to x: (x^(1-exponent) - 1) / (1-exponent), ln x for 1. */
  #integral(x: number): number {
    const logX = Math.log(x)
    const power = (1 - this.#exponent) * logX
    return Math.abs(power) > 1e-8 ? (Math.expm1(power) / power) * logX : logX * (1 + power / 2)
  }

  #inverse(y: number): number {
    const t = Math.max(y * (1 - this.#exponent), -1)
    return Math.exp(Math.abs(t) > 1e-8 ? (Math.log1p(t) / t) * y : y * (1 - t / 2))
  }
}
