import { coarseGroupBytes, writeCoarseItems } from './coarse-items.ts'
import { blockItems, buildNormBlocks, type NormBlocks } from './norm-blocks.ts'

/**
 * The items' ranking rows in shared WASM memory, and beside them a desk for each thread: kernels see one memory only,
 * so a thread's query and scores must lie in the same one. Nobody writes the rows; a thread writes on its own desk.
 */
export interface ScoringMemory {
  readonly memory: WebAssembly.Memory
  readonly nItems: number
  /** Floats a row, a multiple of 4. */
  readonly width: number
  /**
   * Byte address of the rows in the order of `blocks`, in groups of sixteen items: `width` × 16 floats, value f of all
   * sixteen one after the other; the last group is filled up with zeros.
   */
  readonly itemRows: number
  /** Byte address of the same rows with a byte a value, see `coarse-items.ts`. */
  readonly coarseRows: number
  readonly blocks: NormBlocks
  readonly nDesks: number
}

export const groupItems = 16
const groupsABlock = blockItems / groupItems

type Shape = Pick<ScoringMemory, 'nItems' | 'width' | 'coarseRows'>

/** Byte addresses of one thread's desk. */
export interface Desk {
  /** `width` floats: whom to score for. */
  readonly query: number
  /** The same with a byte a value. */
  readonly coarseQuery: number
  /** The groups of a block that were kept, and their scores, sixteen a group. */
  readonly groups: number
  readonly groupScores: number
  /** `nItems` floats, by item index: what models of items score. */
  readonly scores: number
}

const pageBytes = 65_536
/** The first page belongs to the compiled code. */
const itemRowsAddress = pageBytes
const alignment = 64

/**
 * @param userRows  row-major, nUsers × width: what the order of the items is made for
 * @param rows      row-major, nItems × width
 */
export function buildScoringMemory(
  userRows: Float32Array,
  rows: Float32Array,
  width: number,
  nItems: number,
  nDesks: number,
): ScoringMemory {
  const coarseRows = itemRowsAddress + aligned(4 * nGroupsOf(nItems) * groupItems * width)
  const shape = { nItems, width, itemRows: itemRowsAddress, coarseRows, nDesks }
  const blocks = buildNormBlocks(userRows, rows, width, nItems)
  const pages = Math.ceil(deskAddress(shape, nDesks) / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const groups = new Float32Array(memory.buffer, itemRowsAddress, nGroupsOf(nItems) * groupItems * width)
  for (let at = 0; at < nItems; at++) {
    const [row, place] = [blocks.order[at]! * width, valueAddress(width, at)]
    for (let f = 0; f < width; f++) groups[place + f * groupItems] = rows[row + f]!
  }
  writeCoarseItems(groups, width, blocks, memory.buffer, coarseRows)
  return { memory, blocks, ...shape }
}

/** Where in the groups value 0 of the item at a position is, in floats; the next ones follow at distances of sixteen. */
export function valueAddress(width: number, position: number): number {
  return (position - (position % groupItems)) * width + (position % groupItems)
}

export function nGroupsOf(nItems: number): number {
  return Math.ceil(nItems / groupItems)
}

/** @param number  from 0, below `nDesks` */
export function deskOf(shape: Shape, number: number): Desk {
  const groups = deskAddress(shape, number)
  const groupScores = groups + aligned(4 * groupsABlock)
  const query = groupScores + aligned(4 * blockItems)
  const coarseQuery = query + aligned(4 * shape.width)
  return { groups, groupScores, query, coarseQuery, scores: coarseQuery + aligned(shape.width) }
}

function deskAddress({ nItems, width, coarseRows }: Shape, number: number): number {
  const rowsEnd = coarseRows + aligned(nGroupsOf(nItems) * coarseGroupBytes(width))
  const lists = aligned(4 * groupsABlock) + aligned(4 * blockItems)
  return rowsEnd + number * (lists + aligned(4 * width) + aligned(width) + aligned(4 * nItems))
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
