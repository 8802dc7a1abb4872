import type { Model } from '../models/types.ts'

/** The best model so far, and whether it is worth going on. */
export interface EarlyStopping {
  readonly best: { readonly epoch: number; readonly value: number; readonly model: Model } | undefined
  /** @returns 'stop' when `patience` epochs have brought nothing better */
  judge(epoch: number, value: number, model: Model): 'stop' | undefined
}

export function earlyStopping(
  patience: number,
  higherIsBetter: boolean,
  best?: EarlyStopping['best'],
): EarlyStopping {
  let current = best
  const isBetter = (value: number) =>
    current === undefined || (higherIsBetter ? value > current.value : value < current.value)
  return {
    get best() {
      return current
    },
    judge: (epoch, value, model) => {
      if (isBetter(value)) current = { epoch, value, model }
      return current !== undefined && epoch - current.epoch >= patience ? 'stop' : undefined
    },
  }
}
