import type { Run } from '../registry/types.ts'

/** @param nLearnt  how many of the held-out rows the champion has learnt from; null where nobody can tell */
export function noteOnLeak(nLearnt: number | null, { split, seed }: Run, nHeldOutRows: number): string[] {
  if (nLearnt === 0) return []
  const rows =
    nLearnt === null ? 'may have learnt from' : `has learnt from ${nLearnt.toLocaleString('en-US')} of`
  return [
    `the champion was trained on another split (${split}, seed ${seed}) and ${rows} the ${nHeldOutRows.toLocaleString('en-US')} rows held out here`,
  ]
}
