import { RecsysError } from '../errors.ts'

export function diverged(epoch: number, loss: number): RecsysError {
  return new RecsysError('RECSYS_FIT_DIVERGED', {
    message: `the loss is ${loss} after epoch ${epoch}, expected a finite number`,
  })
}
