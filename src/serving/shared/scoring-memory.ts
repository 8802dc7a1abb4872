import { buildNormBlocks, type NormBlocks } from './norm-blocks.ts'

/**
 * The items' ranking rows in shared WASM memory, and beside them a desk for each thread: kernels see one memory only,
 * so a thread's query and scores must lie in the same one. Nobody writes the rows; a thread writes on its own desk.
 */
export interface ScoringMemory {
  readonly memory: WebAssembly.Memory
  readonly nItems: number
  /** Floats a row, a multiple of 4. */
  readonly width: number
  /** Byte address of the rows, row-major, in the order of `blocks`. */
  readonly itemRows: number
  readonly blocks: NormBlocks
  readonly nDesks: number
}

type Shape = Pick<ScoringMemory, 'nItems' | 'width' | 'itemRows'>

/** Byte addresses of one thread's desk. */
export interface Desk {
  /** `width` floats: whom to score for. */
  readonly query: number
  /** `nItems` floats: what came out. */
  readonly scores: number
  /** Two zeros: the row starts of a history in which nothing was seen. */
  readonly nothingSeen: number
  /** Where the kernel puts its best item, and that item's score. */
  readonly bestItem: number
  readonly bestScore: number
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
  const shape = { nItems, width, itemRows: itemRowsAddress, nDesks }
  const blocks = buildNormBlocks(userRows, rows, width, nItems)
  const pages = Math.ceil(deskAddress(shape, nDesks) / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const itemRows = new Float32Array(memory.buffer, itemRowsAddress, rows.length)
  for (let at = 0; at < nItems; at++) {
    const item = blocks.order[at]!
    itemRows.set(rows.subarray(item * width, (item + 1) * width), at * width)
  }
  return { memory, blocks, ...shape }
}

/** @param number  from 0, below `nDesks` */
export function deskOf(shape: Shape, number: number): Desk {
  const start = deskAddress(shape, number)
  const scores = start + 3 * alignment + aligned(4 * shape.width)
  return {
    nothingSeen: start,
    bestItem: start + alignment,
    bestScore: start + 2 * alignment,
    query: start + 3 * alignment,
    scores,
  }
}

function deskAddress({ nItems, width }: Shape, number: number): number {
  const deskBytes = 3 * alignment + aligned(4 * width) + aligned(4 * nItems)
  return itemRowsAddress + aligned(4 * nItems * width) + number * deskBytes
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
