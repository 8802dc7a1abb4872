import { RecsysError } from '../errors.ts'

/** How a dataset is cut; the text form is what `--split` takes and what a run records. */
export type SplitSpec =
  | { readonly kind: 'hash'; readonly fraction: number }
  | { readonly kind: 'random'; readonly fraction: number }
  | { readonly kind: 'kfold'; readonly nFolds: number }
  | { readonly kind: 'file'; readonly trainPath: string; readonly testPath: string }

export const defaultSplit = 'hash:0.2'

/** @throws RECSYS_USAGE */
export function parseSplit(text: string): SplitSpec {
  const colon = text.indexOf(':')
  const kind = colon < 0 ? text : text.slice(0, colon)
  const value = colon < 0 ? '' : text.slice(colon + 1)
  if (kind === 'hash' || kind === 'random') return { kind, fraction: fractionFrom(text, value) }
  if (kind === 'kfold') return { kind, nFolds: foldsFrom(text, value) }
  if (kind === 'file') return filesFrom(text, value)
  throw wrongSplit(text, 'hash:0.2, random:0.2, kfold:5 or file:TRAIN,TEST')
}

function fractionFrom(text: string, value: string): number {
  const fraction = value === '' ? Number.NaN : Number(value)
  if (fraction > 0 && fraction < 1) return fraction
  throw wrongSplit(text, 'a share of held-out rows between 0 and 1, such as hash:0.2')
}

function foldsFrom(text: string, value: string): number {
  const nFolds = value === '' ? Number.NaN : Number(value)
  if (Number.isInteger(nFolds) && nFolds >= 2 && nFolds <= 100) return nFolds
  throw wrongSplit(text, 'kfold:N with N from 2 to 100')
}

function filesFrom(text: string, value: string): SplitSpec {
  const [trainPath = '', testPath = '', ...more] = value.split(',')
  if (trainPath !== '' && testPath !== '' && more.length === 0) return { kind: 'file', trainPath, testPath }
  throw wrongSplit(text, 'file:TRAIN,TEST with the paths of two rating files')
}

function wrongSplit(text: string, expected: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--split is ${JSON.stringify(text)}, expected ${expected}`,
    field: 'split',
  })
}
