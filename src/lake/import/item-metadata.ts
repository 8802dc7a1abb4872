import { RecsysError } from '../../errors.ts'
import type { Database } from '../duckdb.ts'
import { literal } from '../duckdb.ts'
import { words } from '../words.ts'
import { plainFile } from './plain-file.ts'
import { type ReadingOptions, type RecordSource, recordSource, type SourceColumn } from './record-source.ts'
import type { Source } from './source.ts'

/** The flags at the end of a line of u.item, in their order; the first stands for no genre. */
const genres100k = words(`
  unknown, Action, Adventure, Animation, Children's, Comedy, Crime, Documentary, Drama,
  Fantasy, Film-Noir, Horror, Musical, Mystery, Romance, Sci-Fi, Thriller, War, Western`)

/** Names by which the columns of an items file are known, plain. */
const itemColumns = {
  id: words('itemid, item, id, movieid, productid, sku, asin, parentasin, bookid, isbn, trackid'),
  title: words('title, name, itemname, productname, label'),
  categories: words('categories, genres, category, genre, tags, maincategory'),
}

export async function createItemStage(database: Database): Promise<void> {
  await database.run(
    'CREATE TABLE incoming_items (item_id VARCHAR, title VARCHAR, categories VARCHAR[], attributes VARCHAR)',
  )
}

/** Fills `incoming_items` with what a MovieLens folder says about its films; returns what it has read. */
export async function stageMovieLensItems(
  database: Database,
  source: Source,
  stagingDirectory: string,
): Promise<RecordSource[]> {
  if (source.items === undefined) return []
  const file = await plainFile(source.items, stagingDirectory)
  const options: Record<Source['layout'], ReadingOptions> = {
    'movielens-100k': { delimiter: '|', header: false },
    'movielens-1m': { delimiter: '::', header: false },
    'movielens-10m': { delimiter: '::', header: false },
    'movielens-csv': { delimiter: ',', header: true },
    files: {},
  }
  const records = await recordSource(database, file, options[source.layout])
  const flags = genres100k.map((genre, index) => `CASE WHEN c${index + 6} = '1' THEN ${literal(genre)} END`)
  const categories =
    source.layout === 'movielens-100k' ? `[${flags.slice(1).join(', ')}]` : splitCategories('c3')
  return insertItems(database, records, { id: 'c1', title: 'c2', categories, attributes: yearOf('c2') })
}

/** Fills `incoming_items` from a file with columns like id, title, categories. @throws RECSYS_IMPORT_COLUMNS */
export async function stageItemsFile(
  database: Database,
  path: string,
  stagingDirectory: string,
): Promise<RecordSource[]> {
  const file = await plainFile(path, stagingDirectory)
  const first = await recordSource(database, file, {})
  const named = first.columns.some(({ name }) => name !== '')
  const records =
    named || first.format !== 'delimited' ? first : await recordSource(database, file, { header: true })
  const find = (names: readonly string[]) => findColumn(records, names)
  const id = find(itemColumns.id)
  if (!id) throw noItemId(records)
  const [title, categories] = [find(itemColumns.title), find(itemColumns.categories)]
  return insertItems(database, records, {
    id: `CAST(${id.expression} AS VARCHAR)`,
    title: title ? `CAST(${title.expression} AS VARCHAR)` : 'CAST(NULL AS VARCHAR)',
    categories: categories ? categoriesSql(categories) : 'CAST([] AS VARCHAR[])',
    attributes: attributesSql(records.columns.filter((column) => ![id, title, categories].includes(column))),
  })
}

/** Longer texts, such as descriptions, are nothing to select by. */
const maxAttributeBytes = 256

/** What else the source says, as a JSON object of texts; lists are JSON arrays in a text, nested records are left out. */
function attributesSql(columns: readonly SourceColumn[]): string {
  const usable = columns.filter(({ name, type }) => name !== '' && !/^(STRUCT|MAP|UNION|BLOB)/.test(type))
  if (usable.length === 0) return 'CAST(NULL AS VARCHAR)'
  const values = usable.map(({ name, expression, type }) => {
    const text = `CAST(${type.endsWith('[]') ? `to_json(${expression})` : expression} AS VARCHAR)`
    return `${literal(name)}: nullif(trim(CASE WHEN strlen(${text}) <= ${maxAttributeBytes} THEN ${text} END), '')`
  })
  return `CAST(to_json({${values.join(', ')}}) AS VARCHAR)`
}

/** The year at the end of a film's title. */
function yearOf(title: string): string {
  const year = `regexp_extract(${title}, '\\((\\d{4})\\)\\s*$', 1)`
  return `CASE WHEN ${year} <> '' THEN CAST(to_json({year: ${year}}) AS VARCHAR) END`
}

function findColumn({ columns }: RecordSource, names: readonly string[]): SourceColumn | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const known = names.find((name) => columns.some((column) => plain(column.name) === name))
  return columns.find((column) => plain(column.name) === known)
}

function noItemId(records: RecordSource): RecsysError {
  return new RecsysError('RECSYS_IMPORT_COLUMNS', {
    message: `${records.file.displayPath} has no column that is known as the item id; its columns are ${records.columns.map(({ name }) => name).join(', ')}`,
    remedy: 'Name the columns item_id, title and categories (genres separated by |) in its first line.',
    field: 'items',
  })
}

/** A list stays one; a text is a JSON array, or names separated by bars, semicolons or commas. */
function categoriesSql({ expression, type }: SourceColumn): string {
  if (type.endsWith('[]')) return `CAST(${expression} AS VARCHAR[])`
  const text = `CAST(${expression} AS VARCHAR)`
  return `CASE WHEN ${text} LIKE '[%' AND json_valid(${text}) THEN from_json(${text}, '["VARCHAR"]') ELSE ${splitCategories(text)} END`
}

function splitCategories(text: string): string {
  return `string_split_regex(coalesce(${text}, ''), '\\s*[|;,]\\s*')`
}

/** The last line about an item wins; names that say "no genre" are no categories. */
async function insertItems(
  database: Database,
  records: RecordSource,
  { id, title, categories, attributes }: Record<'id' | 'title' | 'categories' | 'attributes', string>,
): Promise<RecordSource[]> {
  await database.run(`INSERT INTO incoming_items
    SELECT id, last(nullif(trim(title), '')),
      last(list_filter(list_transform(categories, lambda name: trim(name)), lambda name: name NOT IN ('', '(no genres listed)'))),
      last(attributes)
    FROM (SELECT trim(${id}) AS id, ${title} AS title, ${categories} AS categories, ${attributes} AS attributes FROM ${records.from})
    WHERE id <> '' AND strlen(id) <= 1024
    GROUP BY id`)
  return [records]
}
