import type { Database } from '../duckdb.ts'
import { literal } from '../duckdb.ts'
import { words } from '../words.ts'
import { plainFile } from './plain-file.ts'
import { type RecordSource, recordSource } from './record-source.ts'
import type { Source } from './source.ts'

/** What the codes of the 1M data set stand for, after its README. */
const ages1m: Readonly<Record<string, string>> = {
  '1': 'under 18',
  '18': '18-24',
  '25': '25-34',
  '35': '35-44',
  '45': '45-49',
  '50': '50-55',
  '56': '56+',
}
const occupations1m = words(`
  other, academic/educator, artist, clerical/admin, college/grad student, customer service,
  doctor/health care, executive/managerial, farmer, homemaker, K-12 student, lawyer,
  programmer, retired, sales/marketing, scientist, self-employed, technician/engineer,
  tradesman/craftsman, unemployed, writer`)

export async function createUserStage(database: Database): Promise<void> {
  await database.run(
    'CREATE TABLE incoming_users (user_id VARCHAR, gender VARCHAR, age VARCHAR, occupation VARCHAR, zip_code VARCHAR)',
  )
}

/** Fills `incoming_users` with what a MovieLens folder says about its users: 100K and 1M do. */
export async function stageMovieLensUsers(
  database: Database,
  source: Source,
  stagingDirectory: string,
): Promise<RecordSource[]> {
  if (source.users === undefined) return []
  const is100k = source.layout === 'movielens-100k'
  const file = await plainFile(source.users, stagingDirectory)
  const records = await recordSource(database, file, { delimiter: is100k ? '|' : '::', header: false })
  const columns = is100k
    ? 'c1, c3, c2, c4, c5'
    : `c1, c2, ${decode('c3', ages1m)}, ${decode('c4', Object.fromEntries(occupations1m.entries()))}, c5`
  await database.run(`INSERT INTO incoming_users SELECT ${columns} FROM ${records.from} WHERE c1 <> ''`)
  return [records]
}

function decode(column: string, names: Readonly<Record<string, string>>): string {
  const cases = Object.entries(names).map(([code, name]) => `WHEN ${literal(code)} THEN ${literal(name)}`)
  return `CASE ${column} ${cases.join(' ')} ELSE ${column} END`
}
