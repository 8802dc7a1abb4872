/**
 * The items' ranking rows in shared WASM memory, and beside them a desk for each thread: kernels see one memory only,
 * so a thread's query and scores must lie in the same one. Nobody writes the rows; a thread writes on its own desk.
 */
export interface ScoringMemory {
  readonly memory: WebAssembly.Memory
  readonly nItems: number
  /** Floats a row, a multiple of 4. */
  readonly width: number
  /** Byte address of the rows, row-major. */
  readonly itemRows: number
  readonly nDesks: number
}

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

/** @param rows  row-major, nItems × width */
export function buildScoringMemory(
  rows: Float32Array,
  width: number,
  nItems: number,
  nDesks: number,
): ScoringMemory {
  const shape = { nItems, width, itemRows: itemRowsAddress, nDesks }
  const pages = Math.ceil(deskAddress(shape, nDesks) / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  new Float32Array(memory.buffer, itemRowsAddress, rows.length).set(rows)
  return { memory, ...shape }
}

/** @param number  from 0, below `nDesks` */
export function deskOf(shape: Omit<ScoringMemory, 'memory'>, number: number): Desk {
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

function deskAddress({ nItems, width }: Omit<ScoringMemory, 'memory'>, number: number): number {
  const deskBytes = 3 * alignment + aligned(4 * width) + aligned(4 * nItems)
  return itemRowsAddress + aligned(4 * nItems * width) + number * deskBytes
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
