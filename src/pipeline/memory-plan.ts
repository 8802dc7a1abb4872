import { RecsysError } from '../errors.ts'

/** All that 32-bit addresses reach. */
const mostBytes = 2 ** 32

/** @throws RECSYS_MEMORY before anything is started */
export function requireMemory(neededBytes: number): void {
  if (neededBytes <= mostBytes) return
  throw new RecsysError('RECSYS_MEMORY', {
    message: `training needs ${(neededBytes / 1e9).toFixed(1)} GB of shared memory, expected at most 4.3 GB`,
    data: { neededBytes, limitBytes: mostBytes },
  })
}
