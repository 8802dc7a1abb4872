/**
 * Ids in dense order, in memory that every thread sees: built once by the loader, so that no request thread has to
 * build a Map of its own (200,000 ids: some 100 ms of a blocked thread and 20 MB, each).
 *
 * Open addressing with linear probing over UTF-8 bytes; at most half of the slots are taken.
 */
export interface IdTable {
  readonly size: number
  /** UTF-8 of all ids, one after the other: id i is `bytes[starts[i] .. starts[i + 1])`. */
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  /** Index + 1 of the id that hashed here, 0 where empty; the length is a power of two. */
  readonly slots: Int32Array
}

/** Ids longer than this are never looked up; it bounds the work that one request can ask for. */
export const maxIdLength = 256

const scratch = new Uint8Array(maxIdLength * 3)
const encoder = new TextEncoder()

/** @param ids  distinct and well-formed; the table keeps their order */
export function buildIdTable(ids: readonly string[]): IdTable {
  const { bytes, starts } = sharedText(ids)
  const slots = new Int32Array(new SharedArrayBuffer(4 * slotCount(ids.length)))
  const mask = slots.length - 1
  for (let index = 0; index < ids.length; index++) {
    let slot = hashBytes(bytes, starts[index]!, starts[index + 1]!) & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = index + 1
  }
  return { size: ids.length, bytes, starts, slots }
}

/** Index of an id, -1 when the table does not have it. */
export function indexOfId(table: IdTable, id: string): number {
  // A lone surrogate would be encoded as U+FFFD and could be taken for another id.
  if (id.length > maxIdLength || !id.isWellFormed()) return -1
  const { written } = encoder.encodeInto(id, scratch)
  const mask = table.slots.length - 1
  let slot = hashBytes(scratch, 0, written) & mask
  for (;;) {
    const index = table.slots[slot]! - 1
    if (index < 0) return -1
    if (holdsScratch(table, index, written)) return index
    slot = (slot + 1) & mask
  }
}

/** The id at an index, below `size`. */
export function textAt({ bytes, starts }: IdTable, index: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset).toString('utf8', starts[index], starts[index + 1])
}

/** Strings as UTF-8 in shared memory: text i is `bytes[starts[i] .. starts[i + 1])`. */
export function sharedText(texts: readonly string[]): { bytes: Uint8Array; starts: Uint32Array } {
  const starts = new Uint32Array(new SharedArrayBuffer(4 * (texts.length + 1)))
  let end = 0
  for (let i = 0; i < texts.length; i++) {
    end += Buffer.byteLength(texts[i]!)
    starts[i + 1] = end
  }
  const bytes = Buffer.from(new SharedArrayBuffer(end))
  for (let i = 0; i < texts.length; i++) bytes.write(texts[i]!, starts[i]!)
  return { bytes: new Uint8Array(bytes.buffer, 0, end), starts }
}

function slotCount(nIds: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, 2 * nIds)))
}

function holdsScratch(table: IdTable, index: number, length: number): boolean {
  const start = table.starts[index]!
  if (table.starts[index + 1]! - start !== length) return false
  for (let i = 0; i < length; i++) if (table.bytes[start + i] !== scratch[i]) return false
  return true
}

/** FNV-1a, 32 bits, with a final mix so that the low bits depend on all bytes. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
