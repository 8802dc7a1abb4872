import { RecsysError } from '../../errors.ts'
import { words } from '../words.ts'

/** What a column of a ratings file can mean. */
type Role = 'user' | 'item' | 'rating' | 'timestamp'

/** What the user says about columns: names or 1-based positions. */
export type ColumnChoice = Readonly<Partial<Record<Role, string>>>

/** Position (from 0) of each role's column. */
export type ColumnMapping = Readonly<Record<'user' | 'item' | 'rating', number>> & {
  readonly timestamp: number | undefined
}

/** What a file shows of itself, for the mapping and for an error that helps. */
export interface FoundColumns {
  readonly displayPath: string
  /** Empty strings where the file names no columns. */
  readonly names: readonly string[]
  readonly firstLine: string
}

const roles: readonly Role[] = ['user', 'item', 'rating', 'timestamp']

/** Names as people write them, lower-case letters and digits only; the first that a file has is taken. */
const wellKnown: Readonly<Record<Role, readonly string[]>> = {
  user: words(`
    userid, user, uid, username, customerid, customer, reviewerid, visitorid, memberid, accountid`),
  item: words(`
    itemid, item, iid, movieid, movie, productid, product, sku, asin, parentasin, bookid, isbn, trackid, songid,
    artistid, articleid, gameid, animeid, businessid`),
  rating: words('rating, score, stars, overall, value, bookrating, preference, weight'),
  timestamp: words(`
    timestamp, ts, time, unixreviewtime, unixtime, datetime, date, createdat, ratedat, at, eventtime`),
}

/** Parses `user=…,item=…,rating=…,timestamp=…`. @throws RECSYS_USAGE */
export function parseColumnChoice(text: string): ColumnChoice {
  const pairs = text.split(',').map((part) => {
    const [role, ...name] = part.split('=')
    if (!roles.includes(role!.trim() as Role) || name.join('=').trim() === '') throw badChoice(text)
    return [role!.trim(), name.join('=').trim()] as const
  })
  return Object.fromEntries(pairs)
}

function badChoice(text: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--columns got '${text}', expected user=…,item=…,rating=…,timestamp=… with names or positions from 1`,
    field: 'columns',
  })
}

/** Does a line look like a header: does it hold a well-known name or one that the user gave? */
export function isHeader(fields: readonly string[], choice: ColumnChoice): boolean {
  const given = new Set(Object.values(choice))
  const known = new Set(Object.values(wellKnown).flat())
  return (
    fields.some((field) => given.has(field.trim()) && !isPosition(field)) ||
    fields.some((field) => known.has(plain(field)))
  )
}

/**
 * Finds the columns: those the user chose, else by well-known name, else by position in a file of three or four
 * unnamed columns: user, item, rating, timestamp.
 * @throws RECSYS_IMPORT_COLUMNS showing what was found and what to write
 */
export function mapColumns(found: FoundColumns, choice: ColumnChoice): ColumnMapping {
  const mapped = roles.map((role) => [role, findColumn(role, found, choice)] as const)
  const mapping = Object.fromEntries(mapped) as Record<Role, number | undefined>
  const missing = roles.filter((role) => role !== 'timestamp' && mapping[role] === undefined)
  if (missing.length > 0) throw missingColumns(found, missing)
  const positions = mapped.map(([, position]) => position).filter((position) => position !== undefined)
  if (new Set(positions).size < positions.length) throw sharedColumn(found, choice)
  return mapping as ColumnMapping
}

function findColumn(role: Role, found: FoundColumns, choice: ColumnChoice): number | undefined {
  const chosen = choice[role]
  if (chosen !== undefined) return chosenColumn(chosen, found)
  if (isNamed(found)) return wellKnownColumn(role, found.names)
  const position = roles.indexOf(role)
  const unnamed = found.names.length === 3 || found.names.length === 4
  return unnamed && Object.keys(choice).length === 0 && position < found.names.length ? position : undefined
}

function chosenColumn(chosen: string, found: FoundColumns): number {
  const exact = found.names.indexOf(chosen)
  const position =
    exact >= 0 ? exact : found.names.findIndex((name) => name !== '' && plain(name) === plain(chosen))
  if (position >= 0) return position
  if (isPosition(chosen) && Number(chosen) <= found.names.length) return Number(chosen) - 1
  throw new RecsysError('RECSYS_IMPORT_COLUMNS', {
    message: `${found.displayPath} has no column '${chosen}'; ${describe(found)}`,
    field: 'columns',
  })
}

function wellKnownColumn(role: Role, names: readonly string[]): number | undefined {
  const plainNames = names.map(plain)
  const known = wellKnown[role].find((name) => plainNames.includes(name))
  return known === undefined ? undefined : plainNames.indexOf(known)
}

function isNamed(found: FoundColumns): boolean {
  return found.names.some((name) => name !== '')
}

function isPosition(text: string): boolean {
  return /^[1-9]\d{0,3}$/.test(text)
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

function missingColumns(found: FoundColumns, missing: readonly Role[]): RecsysError {
  const example = isNamed(found) ? 'user=NAME,item=NAME,rating=NAME' : 'user=1,item=2,rating=3'
  return new RecsysError('RECSYS_IMPORT_COLUMNS', {
    message: `${found.displayPath} has no column that is known as ${missing.join(', ')}; ${describe(found)}`,
    remedy: `Say which is which with --columns ${example}, and what stands between them with --delimiter if that was guessed wrong.`,
    field: 'columns',
    data: { missing, columns: found.names, firstLine: found.firstLine },
  })
}

function sharedColumn(found: FoundColumns, choice: ColumnChoice): RecsysError {
  return new RecsysError('RECSYS_IMPORT_COLUMNS', {
    message: `one column of ${found.displayPath} would be used twice with --columns ${Object.entries(choice)
      .map((pair) => pair.join('='))
      .join(',')}; ${describe(found)}`,
    field: 'columns',
  })
}

function describe(found: FoundColumns): string {
  const columns = isNamed(found)
    ? `its columns are ${found.names.join(', ')}`
    : `it has ${found.names.length} unnamed column${found.names.length === 1 ? '' : 's'}`
  return `${columns}; its first line is: ${clip(found.firstLine)}`
}

function clip(line: string): string {
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
