import {
  DuckDBDoubleType as DOUBLE,
  DuckDBDataChunk,
  DuckDBFloatType as FLOAT,
  DuckDBIntegerType as INTEGER,
} from '@duckdb/node-api'
import { RecsysError } from '../../errors.ts'
import type { Database } from '../duckdb.ts'
import { type ImportReport, stageAndPublish, type WritingOptions } from '../import/import-ratings.ts'
import { words } from '../words.ts'
import { type Film, makeFilms } from './films.ts'
import { createRandom, type Random } from './random.ts'
import { makeRatings, type SampleRatings } from './ratings.ts'
import { makeTastes } from './tastes.ts'

export interface SampleOptions extends WritingOptions {
  readonly users: number
  readonly items: number
  /** Exactly this many ratings. */
  readonly interactions: number
  readonly seed: number
}

/**
 * Fills the lake with a made-up film club: tastes, genres, a long tail, two years of evenings. It takes the way of every
 * import. The same options give the same rows.
 * @throws RECSYS_USAGE for a sample that cannot exist
 */
export function createSample(options: SampleOptions): Promise<ImportReport> {
  checkPossible(options)
  return stageAndPublish(options, 0, async (database) => {
    options.onPhase?.('making up films, people and their ratings')
    const random = createRandom(options.seed)
    const films = makeFilms(options.items, random)
    const tastes = makeTastes(options.users, films, random)
    await stageRatings(
      database,
      makeRatings(options.users, options.items, options.interactions, tastes, random),
    )
    await stageFilms(database, films)
    await stageUsers(database, options.users, random)
    return { source: `sample (seed ${options.seed})`, layout: 'sample', files: [] }
  })
}

function checkPossible({ users, items, interactions }: SampleOptions): void {
  const impossible = (message: string, field: string) => new RecsysError('RECSYS_USAGE', { message, field })
  if (users < 1 || items < 1)
    throw impossible(`a sample needs users and items, got ${users} and ${items}`, 'users')
  if (interactions > users * items) {
    throw impossible(
      `${users} users and ${items} items make ${users * items} pairs, too few for ${interactions} interactions`,
      'interactions',
    )
  }
  if (interactions < users) {
    throw impossible(
      `${interactions} interactions are too few for ${users} users to have one each`,
      'interactions',
    )
  }
}

/** Rows that a data chunk of DuckDB holds. */
const chunkRows = 2048

async function stageRatings(database: Database, ratings: SampleRatings): Promise<void> {
  await database.run('CREATE TABLE sample (u INTEGER, f INTEGER, rating FLOAT, seconds DOUBLE)')
  const { userIndex, filmIndex, rating, timestamp } = ratings
  const appender = await database.connection.createAppender('sample')
  for (let row = 0; row < rating.length; row += chunkRows) {
    const columns = [userIndex, filmIndex, rating, timestamp].map((column) => [
      ...column.subarray(row, row + chunkRows),
    ])
    const chunk = DuckDBDataChunk.create([
      INTEGER.instance,
      INTEGER.instance,
      FLOAT.instance,
      DOUBLE.instance,
    ])
    chunk.setColumns(columns)
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
  await database.run(
    "INSERT INTO staged SELECT 0, 'u' || (u + 1), 'i' || (f + 1), rating, to_timestamp(seconds), NULL, NULL FROM sample",
  )
}

async function stageFilms(database: Database, films: readonly Film[]): Promise<void> {
  const appender = await database.connection.createAppender('incoming_items')
  for (const [index, film] of films.entries()) {
    appender.appendVarchar(`i${index + 1}`)
    appender.appendVarchar(film.title)
    appender.appendList([...film.genres])
    appender.appendVarchar(JSON.stringify({ year: /\((\d{4})\)$/.exec(film.title)?.[1] ?? null }))
    appender.endRow()
  }
  appender.closeSync()
}

const occupations = words(`
  student, engineer, teacher, nurse, programmer, retired, salesperson, artist, manager,
  researcher, mechanic, writer, lawyer, cook, unemployed, other`)

async function stageUsers(database: Database, nUsers: number, random: Random): Promise<void> {
  const appender = await database.connection.createAppender('incoming_users')
  for (let user = 0; user < nUsers; user += 1) {
    appender.appendVarchar(`u${user + 1}`)
    appender.appendVarchar(random.next() < 0.5 ? 'F' : 'M')
    appender.appendVarchar(String(16 + Math.floor(55 * random.next() ** 1.4)))
    appender.appendVarchar(random.pick(occupations))
    appender.appendVarchar(String(10_000 + random.below(89_999)))
    appender.endRow()
  }
  appender.closeSync()
}
