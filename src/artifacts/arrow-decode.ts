import { type Data, type DataType, DataType as Is, RecordBatchReader } from 'apache-arrow'
import { RecsysError } from '../errors.ts'
import { corrupt } from './corrupt.ts'
import type { Manifest } from './manifest.ts'
import type { ArtifactContent, ArtifactTensor } from './types.ts'

/**
 * Views of the Arrow files' columns as typed arrays, and their texts. Types, lengths and offsets are checked here, because
 * the Arrow library believes what a file says about itself; what the numbers mean is checked by `checkContent`.
 * @throws RECSYS_ARTIFACT_CORRUPT
 */
export function decodeTables(
  manifest: Manifest,
  files: { readonly users: Uint8Array; readonly items: Uint8Array; readonly model: Uint8Array },
  directory: string,
): ArtifactContent {
  try {
    const users = openTable('users.arrow', files.users, manifest.header.nUsers)
    const items = openTable('items.arrow', files.items, manifest.header.nItems)
    const model = openTable('model.arrow', files.model, 1)
    const [historyStarts, historyItems] = listOf(users, 'history')
    return {
      manifest: manifest.header,
      userIds: present(users, 'id'),
      itemIds: present(items, 'id'),
      tensors: tensorsOf(manifest, { user: users, item: items, model }),
      historyStarts,
      historyItems: int32(users, 'history', historyItems),
      historyRatings: optional(users, 'historyRatings', () =>
        besideHistory(users, 'historyRatings', historyStarts),
      ),
      historyWeights: optional(users, 'historyWeights', () =>
        besideHistory(users, 'historyWeights', historyStarts),
      ),
      itemTitles: texts(items, 'title', items.column('title')),
      itemCategories: categoriesOf(items),
      itemInteractions: int32(items, 'interactions', items.column('interactions')),
      itemAttributes: optional(items, 'attributes', (data) => texts(items, 'attributes', data)),
      itemTrend: optional(items, 'trend', (data) => float32(items, 'trend', data, data.length)),
    }
  } catch (error) {
    if (error instanceof Mismatch) throw corrupt(directory, error.message)
    if (error instanceof RecsysError) throw error
    throw corrupt(directory, `not an Arrow file that can be read: ${(error as Error).message}`, error)
  }
}

class Mismatch extends Error {}

interface OpenTable {
  readonly file: string
  column(name: string): Data
  has(name: string): boolean
}

function openTable(file: string, bytes: Uint8Array, nRows: number): OpenTable {
  const reader = RecordBatchReader.from(bytes).open()
  if (!reader.isFile() || !reader.isSync()) throw new Mismatch(`${file} is not an Arrow IPC file`)
  // By number: iterating over the batches never ends where a message is of an unknown kind.
  const batch = reader.readRecordBatch(0)
  if (reader.numRecordBatches !== 1 || batch === null) {
    throw new Mismatch(`${file} has ${reader.numRecordBatches} record batches, expected 1`)
  }
  if (batch.numRows !== nRows) throw new Mismatch(`${file} has ${batch.numRows} rows, expected ${nRows}`)
  const columns = new Map(batch.schema.fields.map(({ name }, index) => [name, batch.data.children[index]]))
  const column = (name: string) => {
    const data = columns.get(name)
    if (!data) throw new Mismatch(`${file} has no column ${name}`)
    if (data.length !== nRows || data.offset !== 0)
      throw mismatch(file, name, `${data.length} rows`, `${nRows}`)
    return data
  }
  return { file, column, has: (name) => columns.has(name) }
}

function mismatch(file: string, name: string, got: string, expected: string): Mismatch {
  return new Mismatch(`column ${name} of ${file} has ${got}, expected ${expected}`)
}

function tensorsOf(manifest: Manifest, tables: Readonly<Record<ArtifactTensor['axis'], OpenTable>>) {
  const entries = Object.entries(manifest.tensors).map(([name, { axis, width }]) => {
    const data = tensorValues(tables[axis], name, width)
    return [name, { axis, width, data }] as const
  })
  return Object.fromEntries(entries)
}

function tensorValues(table: OpenTable, name: string, width: number): Float32Array {
  const column = table.column(name)
  const { type } = column
  if (width === 1) return float32(table, name, column, column.length)
  if (!Is.isFixedSizeList(type) || type.listSize !== width) {
    throw mismatch(table.file, name, `type ${type}`, `lists of ${width} float32`)
  }
  return float32(table, name, column.children[0], column.length * width)
}

function float32(table: OpenTable, name: string, data: Data | undefined, length: number): Float32Array {
  const values = plainValues(table, name, data, 'Float32', length)
  return values as Float32Array
}

function int32(table: OpenTable, name: string, data: Data | undefined): Int32Array {
  return plainValues(table, name, data, 'Int32', data?.length ?? 0) as Int32Array
}

function plainValues(table: OpenTable, name: string, data: Data | undefined, type: string, length: number) {
  if (data === undefined || String(data.type) !== type) {
    throw mismatch(table.file, name, `type ${data?.type}`, type)
  }
  if (data.nullCount > 0) throw mismatch(table.file, name, `${data.nullCount} nulls`, 'none')
  const values = data.values as Float32Array | Int32Array
  if (data.length !== length || values.length < length) {
    throw mismatch(table.file, name, `${Math.min(data.length, values.length)} numbers`, `${length}`)
  }
  return values.subarray(0, length)
}

/** Where each row's list starts, and the child that holds them all. */
function listOf(table: OpenTable, name: string): [starts: Int32Array, child: Data] {
  const column = table.column(name)
  const [child] = column.children
  if (!Is.isList(column.type) || !child) throw mismatch(table.file, name, `type ${column.type}`, 'lists')
  if (column.nullCount > 0) throw mismatch(table.file, name, `${column.nullCount} nulls`, 'none')
  return [offsetsOf(table, name, column, child.length), child]
}

/** Numbers of the entries of the history: lists of the same lengths. */
function besideHistory(table: OpenTable, name: string, historyStarts: Int32Array): Float32Array {
  const [starts, child] = listOf(table, name)
  const other = starts.findIndex((start, row) => start !== historyStarts[row])
  if (other >= 0)
    throw mismatch(table.file, name, `lists that differ from row ${other - 1} on`, 'those of history')
  return float32(table, name, child, child.length)
}

/** nRows + 1 ascending offsets from 0 to no more than `end`. */
function offsetsOf(table: OpenTable, name: string, data: Data<DataType>, end: number): Int32Array {
  const offsets = data.valueOffsets as Int32Array
  const nRows = data.length
  // Zero rows may come with no offset at all.
  if (nRows === 0) return new Int32Array(1)
  if (!(offsets instanceof Int32Array) || offsets.length < nRows + 1) {
    throw mismatch(table.file, name, `${offsets?.length ?? 0} offsets`, `${nRows + 1}`)
  }
  if (offsets[0] !== 0) throw mismatch(table.file, name, `first offset ${offsets[0]}`, '0')
  for (let row = 0; row < nRows; row++) {
    if (offsets[row]! > offsets[row + 1]!)
      throw mismatch(table.file, name, 'descending offsets', 'ascending ones')
  }
  if (offsets[nRows]! > end) throw mismatch(table.file, name, `offset ${offsets[nRows]}`, `at most ${end}`)
  return offsets.subarray(0, nRows + 1)
}

/** A column that artifacts have where there is something to say. */
function optional<T>(table: OpenTable, name: string, read: (data: Data) => T): T | undefined {
  return table.has(name) ? read(table.column(name)) : undefined
}

function present(table: OpenTable, name: string): string[] {
  return noNulls(table, name, texts(table, name, table.column(name)))
}

function noNulls(table: OpenTable, name: string, values: readonly (string | null)[]): string[] {
  if (values.includes(null)) throw mismatch(table.file, name, 'nulls', 'none')
  return values as string[]
}

function texts(table: OpenTable, name: string, data: Data): (string | null)[] {
  if (!Is.isUtf8(data.type)) throw mismatch(table.file, name, `type ${data.type}`, 'text')
  const bytes = Buffer.from(data.values.buffer, data.values.byteOffset, data.values.byteLength)
  const offsets = offsetsOf(table, name, data, bytes.length)
  const hasNulls = data.nullCount > 0
  const values = new Array<string | null>(data.length)
  for (let row = 0; row < data.length; row++) {
    const isNull = hasNulls && !data.getValid(row)
    values[row] = isNull ? null : bytes.toString('utf8', offsets[row], offsets[row + 1])
  }
  return values
}

function categoriesOf(table: OpenTable): string[][] {
  const [starts, child] = listOf(table, 'categories')
  // A lake has few different categories: one string each, however many items.
  const one = new Map<string, string>()
  const all = noNulls(table, 'categories', texts(table, 'categories', child)).map((text) => {
    const known = one.get(text)
    if (known === undefined) one.set(text, text)
    return known ?? text
  })
  return Array.from({ length: starts.length - 1 }, (_, row) => all.slice(starts[row], starts[row + 1]))
}
