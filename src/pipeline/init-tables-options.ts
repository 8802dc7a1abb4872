import { RecsysError } from '../errors.ts'
import { parseColumnChoice } from '../lake/import/column-names.ts'
import type { ImportMode } from '../lake/import/publish-context.ts'
import type { RatingRange } from '../lake/import/row-checks.ts'
import type { InitTablesOptions } from './init-tables.ts'

/** The flags of `init-tables` as the command line gives them. */
export interface InitTablesFlags {
  readonly 'data-dir': string
  readonly from?: string | undefined
  readonly columns?: string | undefined
  readonly delimiter?: string | undefined
  readonly 'items-file'?: string | undefined
  readonly 'rating-range'?: string | undefined
  readonly 'max-rejects'?: string | undefined
  readonly append: boolean
  readonly overwrite: boolean
  readonly users?: number | undefined
  readonly items?: number | undefined
  readonly interactions?: number | undefined
  readonly seed?: number | undefined
}

export const sampleDefaults = { users: 2000, items: 500, interactions: 100_000, seed: 42 } as const

const importOnly = ['columns', 'delimiter', 'items-file', 'rating-range', 'max-rejects'] as const
const sampleOnly = ['users', 'items', 'interactions', 'seed'] as const

/** @throws RECSYS_USAGE for values that cannot be read and flags that do not go together */
export function initTablesOptions(
  flags: InitTablesFlags,
  running: { readonly signal?: AbortSignal; readonly onPhase?: (text: string) => void } = {},
): InitTablesOptions {
  const writing = { dataDir: flags['data-dir'], mode: importMode(flags), ...running }
  if (flags.from === undefined) {
    refuse(flags, importOnly, 'needs --from')
    return { ...writing, ...sampleSize(flags) }
  }
  refuse(flags, sampleOnly, 'is about the sample, which --from replaces')
  return {
    ...writing,
    from: flags.from,
    maxRejects: parseShare(flags['max-rejects'] ?? '1%'),
    ...(flags.columns === undefined ? {} : { columns: parseColumnChoice(flags.columns) }),
    ...(flags.delimiter === undefined ? {} : { delimiter: parseDelimiter(flags.delimiter) }),
    ...(flags['items-file'] === undefined ? {} : { items: flags['items-file'] }),
    ...(flags['rating-range'] === undefined ? {} : { ratingRange: parseRatingRange(flags['rating-range']) }),
  }
}

function importMode({ append, overwrite }: InitTablesFlags): ImportMode {
  if (append && overwrite) throw usage('--append and --overwrite exclude each other', 'append')
  return append ? 'append' : overwrite ? 'overwrite' : 'create'
}

/** A smaller sample that names no number of ratings gets the density of the default one. */
function sampleSize(flags: InitTablesFlags) {
  const { users = sampleDefaults.users, items = sampleDefaults.items, seed = sampleDefaults.seed } = flags
  const density = sampleDefaults.interactions / (sampleDefaults.users * sampleDefaults.items)
  const interactions = flags.interactions ?? Math.max(users, Math.round(density * users * items))
  return { users, items, interactions, seed }
}

function refuse(flags: InitTablesFlags, names: readonly (keyof InitTablesFlags)[], why: string): void {
  const given = names.find((name) => flags[name] !== undefined)
  if (given) throw usage(`--${given} ${why}`, given)
}

/** `0.5..5` */
function parseRatingRange(text: string): RatingRange {
  const [min, max, ...rest] = text.split('..').map(toNumber)
  if (rest.length > 0 || min === undefined || max === undefined || !(min < max)) {
    throw usage(
      `--rating-range got '${text}', expected the least and the greatest rating, such as 0.5..5`,
      'rating-range',
    )
  }
  return { min, max }
}

/** `1%` or `0.01` */
function parseShare(text: string): number {
  const share = text.endsWith('%') ? toNumber(text.slice(0, -1)) / 100 : toNumber(text)
  if (share >= 0 && share <= 1) return share
  throw usage(`--max-rejects got '${text}', expected a share of the rows, such as 1% or 0.01`, 'max-rejects')
}

/** A tab is hard to type in a shell: `\t` and `tab` mean one. */
function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' || text === 'tab' ? '\t' : text
  if (delimiter.length >= 1 && delimiter.length <= 4 && !/["\r\n]/.test(delimiter)) return delimiter
  throw usage(`--delimiter got '${text}', expected one to four characters, such as ';' or '\\t'`, 'delimiter')
}

function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

function usage(message: string, field: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', { message, field })
}
