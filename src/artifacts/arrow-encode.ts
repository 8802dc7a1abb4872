import {
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow'
import { RecsysError } from '../errors.ts'
import type { FileName } from './manifest.ts'
import type { ArtifactContent, ArtifactTensor } from './types.ts'

/** Arrow counts bytes of a column in 32 bits. */
const maxColumnBytes = 2 ** 31 - 8

/** The three Arrow files of a model, one record batch each. @throws RECSYS_ARTIFACT_INVALID for a column beyond 2 GiB */
export function encodeTables(content: ArtifactContent): Record<FileName, Uint8Array> {
  const { nUsers, nItems } = content.manifest
  const { historyStarts, historyItems, historyRatings, historyWeights } = content
  const { itemInteractions, itemAttributes, itemTrend } = content
  return {
    'users.arrow': encodeTable(nUsers, [
      column('id', strings(content.userIds)),
      column('history', list(historyStarts, int32(historyItems))),
      ...(historyRatings ? [column('historyRatings', list(historyStarts, float32(historyRatings)))] : []),
      ...(historyWeights ? [column('historyWeights', list(historyStarts, float32(historyWeights)))] : []),
      ...tensorColumns(content, 'user', nUsers),
    ]),
    'items.arrow': encodeTable(nItems, [
      column('id', strings(content.itemIds)),
      column('title', strings(content.itemTitles), true),
      column('categories', lists(content.itemCategories)),
      column('interactions', int32(itemInteractions)),
      ...(itemAttributes ? [column('attributes', strings(itemAttributes), true)] : []),
      ...(itemTrend ? [column('trend', float32(itemTrend))] : []),
      ...tensorColumns(content, 'item', nItems),
    ]),
    'model.arrow': encodeTable(1, tensorColumns(content, 'model', 1)),
  }
}

interface Column {
  readonly field: Field
  readonly data: Data
}

function encodeTable(nRows: number, columns: readonly Column[]): Uint8Array {
  const fields = columns.map(({ field }) => field)
  const schema = new Schema(fields)
  const children = columns.map(({ data }) => data)
  const batch = new RecordBatch(schema, makeData({ type: new Struct(fields), length: nRows, children }))
  const writer = new RecordBatchFileWriter()
  writer.write(batch)
  return writer.finish().toUint8Array(true)
}

function column(name: string, data: Data, nullable = false): Column {
  return { field: new Field(name, data.type, nullable), data }
}

/** Sorted by name: the order in which an algorithm lists its tensors must not change the bytes. */
function tensorColumns({ tensors }: ArtifactContent, axis: ArtifactTensor['axis'], nRows: number): Column[] {
  const names = Object.keys(tensors).filter((name) => tensors[name]!.axis === axis)
  return names.sort().map((name) => column(name, tensorData(name, tensors[name]!, nRows)))
}

function tensorData(name: string, { width, data }: ArtifactTensor, nRows: number): Data {
  if (data.byteLength > maxColumnBytes) throw tooLarge(`tensor ${name}`, data.byteLength)
  const values = float32(data)
  if (width === 1) return values
  return makeData({ type: new FixedSizeList(width, item(new Float32())), length: nRows, child: values })
}

function float32(data: Float32Array): Data<Float32> {
  return makeData({ type: new Float32(), length: data.length, data })
}

function int32(values: Int32Array): Data<Int32> {
  return makeData({ type: new Int32(), length: values.length, data: values })
}

function list<T extends DataType>(starts: Int32Array, child: Data<T>): Data<List<T>> {
  return makeData({
    type: new List(item(child.type)),
    length: starts.length - 1,
    valueOffsets: starts,
    child,
  })
}

function lists(rows: readonly (readonly string[])[]): Data {
  const starts = new Int32Array(rows.length + 1)
  rows.forEach((row, index) => {
    starts[index + 1] = starts[index]! + row.length
  })
  return list(starts, strings(rows.flat()))
}

function item<T extends DataType>(type: T): Field<T> {
  return new Field('item', type, false)
}

function strings(values: readonly (string | null)[]): Data<Utf8> {
  const valueOffsets = new Int32Array(values.length + 1)
  let end = 0
  for (const [index, value] of values.entries()) {
    end += value === null ? 0 : Buffer.byteLength(value)
    if (end > maxColumnBytes) throw tooLarge('a column of text', end)
    valueOffsets[index + 1] = end
  }
  const data = Buffer.alloc(end)
  for (const [index, value] of values.entries()) if (value) data.write(value, valueOffsets[index])
  return makeData({ type: new Utf8(), length: values.length, valueOffsets, data, ...validity(values) })
}

function validity(values: readonly (string | null)[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullBitmap = new Uint8Array((values.length + 7) >> 3)
  let nullCount = 0
  for (const [index, value] of values.entries()) {
    if (value === null) nullCount++
    else nullBitmap[index >> 3]! |= 1 << (index & 7)
  }
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap }
}

function tooLarge(what: string, sizeBytes: number): RecsysError {
  return new RecsysError('RECSYS_ARTIFACT_INVALID', {
    message: `${what} has ${sizeBytes} bytes, expected at most ${maxColumnBytes}`,
    remedy: 'Train with fewer factors.',
  })
}
