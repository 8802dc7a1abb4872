import { RecsysError } from '../errors.ts'

const pageBytes = 65_536
/** All that 32-bit addresses reach. */
export const addressableBytes = 65_536 * pageBytes
/** The first page belongs to the compiled code. */
const firstFreeByte = pageBytes
const alignment = 64

/** Shared WASM memory with a stack for an allocator: what was taken last is given back first. */
export class SharedMemory {
  readonly memory: WebAssembly.Memory
  readonly #maxBytes: number
  #next = firstFreeByte

  /** @param maxBytes  most that may be asked for, at most 4 GiB */
  constructor(maxBytes: number = addressableBytes) {
    this.#maxBytes = Math.min(maxBytes, addressableBytes)
    this.memory = reserve(Math.max(1, Math.ceil(this.#maxBytes / pageBytes)))
  }

  /** The address of `sizeBytes` zeroed bytes. @throws RECSYS_MEMORY */
  allocate(sizeBytes: number): number {
    const address = this.#next
    const end = address + Math.ceil(sizeBytes / alignment) * alignment
    if (end > this.#maxBytes) throw outOfMemory(end, this.#maxBytes)
    this.#growTo(end)
    this.#next = end
    return address
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Where the stack stands, for `rewind`. */
  get top(): number {
    return this.#next
  }

  /** Gives back, zeroed, all that was taken since the stack stood at `top`. */
  rewind(top: number): void {
    new Uint8Array(this.memory.buffer, top, this.#next - top).fill(0)
    this.#next = top
  }

  float32(length: number): Float32Array {
    const address = this.allocate(length * 4)
    return new Float32Array(this.memory.buffer, address, length)
  }

  float64(length: number): Float64Array {
    const address = this.allocate(length * 8)
    return new Float64Array(this.memory.buffer, address, length)
  }

  int32(length: number): Int32Array {
    const address = this.allocate(length * 4)
    return new Int32Array(this.memory.buffer, address, length)
  }

  #growTo(end: number): void {
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / pageBytes)
    if (missing <= 0) return
    try {
      this.memory.grow(missing)
    } catch (cause) {
      throw outOfMemory(end, this.memory.buffer.byteLength, cause)
    }
  }
}

/** Address space is reserved now, memory taken when it is grown into. */
function reserve(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true })
  } catch (cause) {
    throw outOfMemory(pages * pageBytes, 0, cause)
  }
}

function outOfMemory(wanted: number, limit: number, cause?: unknown): RecsysError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en-US')} MB`
  return new RecsysError('RECSYS_MEMORY', {
    message: `the job needs ${megabytes(wanted)} of shared memory, got a limit of ${megabytes(limit)}`,
    data: { wantedBytes: wanted, limitBytes: limit },
    cause,
  })
}
