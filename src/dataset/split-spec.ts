import { RecsysError } from '../errors.ts'

/** How a dataset is cut; the text form is what `--split` takes and what a run records. */
export type SplitSpec =
  | { readonly kind: 'hash'; readonly fraction: number }
  | { readonly kind: 'random'; readonly fraction: number }
  | { readonly kind: 'kfold'; readonly nFolds: number }
  /** Rows from `time` (unix seconds) on are held out, or the latest share of them. */
  | { readonly kind: 'temporal'; readonly fraction: number }
  | { readonly kind: 'temporal'; readonly time: number }
  | { readonly kind: 'leave-last'; readonly nRows: number }
  | { readonly kind: 'users'; readonly fraction: number }
  | { readonly kind: 'file'; readonly trainPath: string; readonly testPath: string }

export const defaultSplit = 'hash:0.2'

/** What `--split` takes, for help and error messages. */
export const splitForms =
  'hash:SHARE (stable as the lake grows), random:SHARE, temporal:SHARE or temporal:TIME (a date or unix seconds), leave-last:N, kfold:N, users:SHARE or file:TRAIN,TEST'

/** @throws RECSYS_USAGE */
export function parseSplit(text: string): SplitSpec {
  const colon = text.indexOf(':')
  const kind = colon < 0 ? text : text.slice(0, colon)
  const value = colon < 0 ? '' : text.slice(colon + 1)
  if (kind === 'hash' || kind === 'random') return { kind, fraction: fractionFrom(text, value, 'rows') }
  if (kind === 'users') return { kind, fraction: fractionFrom(text, value, 'users') }
  if (kind === 'temporal') return temporalFrom(text, value)
  if (kind === 'leave-last') return { kind, nRows: wholeFrom(text, value, 1, 1000) }
  if (kind === 'kfold') return { kind, nFolds: wholeFrom(text, value, 2, 100) }
  if (kind === 'file') return filesFrom(text, value)
  throw wrongSplit(text, splitForms)
}

function fractionFrom(text: string, value: string, what: string): number {
  const fraction = value === '' ? Number.NaN : Number(value)
  if (fraction > 0 && fraction < 1) return fraction
  throw wrongSplit(text, `a share of held-out ${what} between 0 and 1, such as ${text.split(':')[0]}:0.2`)
}

/** A number below 1 is a share, a larger one unix seconds. */
function temporalFrom(text: string, value: string): SplitSpec {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (number > 0 && number < 1) return { kind: 'temporal', fraction: number }
  const time = number >= 1 && Number.isFinite(number) ? number : timeFrom(value)
  if (time !== undefined) return { kind: 'temporal', time }
  throw wrongSplit(
    text,
    'temporal:0.2 (the latest fifth), a date such as temporal:2024-06-30 (UTC) or unix seconds',
  )
}

function timeFrom(value: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(value)) return undefined
  const milliseconds = Date.parse(value)
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}

function wholeFrom(text: string, value: string, least: number, most: number): number {
  const number = value === '' ? Number.NaN : Number(value)
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw wrongSplit(text, `${text.split(':')[0]}:N with N from ${least} to ${most}`)
}

function filesFrom(text: string, value: string): SplitSpec {
  const [trainPath = '', testPath = '', ...more] = value.split(',')
  if (trainPath !== '' && testPath !== '' && more.length === 0) return { kind: 'file', trainPath, testPath }
  throw wrongSplit(text, 'file:TRAIN,TEST with the paths of two rating files')
}

function wrongSplit(text: string, expected: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--split is ${JSON.stringify(text.slice(0, 200))}, expected ${expected}`,
    field: 'split',
  })
}
