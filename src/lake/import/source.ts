import { globSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { RecsysError } from '../../errors.ts'

/** What `--from` stands for: the files with ratings, and what a MovieLens folder knows beside them. */
export interface Source {
  readonly layout: 'movielens-100k' | 'movielens-1m' | 'movielens-10m' | 'movielens-csv' | 'files'
  /** Absolute, sorted. */
  readonly ratings: readonly string[]
  readonly items?: string
  readonly users?: string
}

const dataFile = /\.(csv|tsv|txt|data|dat|jsonl?|ndjson|parquet)(\.gz)?$/i

/** @throws RECSYS_IMPORT_SOURCE when nothing is there */
export function findSource(from: string): Source {
  const stats = statSync(from, { throwIfNoEntry: false })
  if (stats?.isDirectory()) return findInFolder(resolve(from))
  if (stats) return { layout: 'files', ratings: [resolve(from)] }
  const matches = /[*?[{]/.test(from) ? globSync(from).filter((path) => statSync(path).isFile()) : []
  if (matches.length === 0) throw notFound(from)
  return { layout: 'files', ratings: matches.map((path) => resolve(path)).sort() }
}

function findInFolder(folder: string): Source {
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile())
  const find = (name: string) => {
    const found = [name, `${name}.gz`].find((candidate) => names.includes(candidate))
    return found === undefined ? undefined : join(folder, found)
  }
  return movieLens(find) ?? plainFolder(folder, names)
}

/** The published layouts: 100K has u.* files, 1M and 10M have *.dat, everything since is CSV with headers. */
function movieLens(find: (name: string) => string | undefined): Source | undefined {
  const known = (layout: Source['layout'], ratings: string, items?: string, users?: string): Source => ({
    layout,
    ratings: [ratings],
    ...(items === undefined ? {} : { items }),
    ...(users === undefined ? {} : { users }),
  })
  const [data, dat, csv] = [find('u.data'), find('ratings.dat'), find('ratings.csv')]
  if (data) return known('movielens-100k', data, find('u.item'), find('u.user'))
  if (dat)
    return known(
      find('users.dat') ? 'movielens-1m' : 'movielens-10m',
      dat,
      find('movies.dat'),
      find('users.dat'),
    )
  if (csv && find('movies.csv')) return known('movielens-csv', csv, find('movies.csv'))
  return undefined
}

function plainFolder(folder: string, names: readonly string[]): Source {
  const ratings = names.filter((name) => dataFile.test(name) && !/^[._]/.test(name)).sort()
  if (ratings.length === 0) {
    throw new RecsysError('RECSYS_IMPORT_SOURCE', {
      message: `folder ${folder} has neither a MovieLens data set (u.data, ratings.dat, ratings.csv with movies.csv) nor a CSV, TSV, JSON or Parquet file`,
      field: 'from',
    })
  }
  return { layout: 'files', ratings: ratings.map((name) => join(folder, name)) }
}

function notFound(from: string): RecsysError {
  return new RecsysError('RECSYS_IMPORT_SOURCE', {
    message: `there is no file, folder or glob match ${basename(from) === from ? from : resolve(from)}`,
    field: 'from',
  })
}
