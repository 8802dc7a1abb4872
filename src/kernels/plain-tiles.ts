import type { RowKernel } from './instance.ts'

const size = 64
const floatsPerTile = size * size

type TileKernel =
  | 'tile_gram_rows'
  | 'tile_update_rows'
  | 'tile_factor'
  | 'tile_solve_rows'
  | 'tile_inverse_columns'
  | 'tile_product_columns'
type EaseKernel = 'ease_rows' | 'ease_spread_rows' | 'ease_dual_rows'

type TopK = (scores: number, nItems: number, k: number, outItems: number, outScores: number) => void

/** The plain twins of `assembly/tiles.ts`; tile addresses in floats. */
export function plainTiles(memory: WebAssembly.Memory): Record<TileKernel, RowKernel> {
  const floats = new Float32Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)
  const at = (tiles: number, i: number, j: number) => tiles / 4 + ((i * (i + 1)) / 2 + j) * floatsPerTile

  /** sign · AᵀB added to a tile of numbers in double precision. */
  function addProduct(out: Float64Array, a: number, b: number, sign: number): void {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0
        for (let p = 0; p < size; p++) sum += floats[a + p * size + row] * floats[b + p * size + column]
        out[row * size + column] += sign * sum
      }
    }
  }

  function tile_gram_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, n, lambda, starts, rows, others, columns] = args
    for (let i = lo * size; i < hi * size; i++) {
      const block = Math.floor(i / size)
      const line = (j: number) => at(tiles, block, Math.floor(j / size)) + (i % size) * size + (j % size)
      for (let j = 0; j < (block + 1) * size; j++) floats[line(j)] = i === j ? (i < n ? lambda : 1) : 0
      if (i >= n) continue
      for (let entry = ints[starts / 4 + i]; entry < ints[starts / 4 + i + 1]; entry++) {
        const row = ints[rows / 4 + entry]
        for (let other = ints[others / 4 + row]; other < ints[others / 4 + row + 1]; other++) {
          const j = ints[columns / 4 + other]
          if (j < (block + 1) * size) floats[line(j)] += 1
        }
      }
    }
  }

  function tile_update_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, k] = args
    for (let i = k + lo; i < k + hi; i++) {
      const tile = at(tiles, i, k)
      const out = Float64Array.from(
        { length: floatsPerTile },
        (_, p) => floats[tile + (p % size) * size + Math.floor(p / size)],
      )
      for (let j = 0; j < k; j++) addProduct(out, at(tiles, k, j), at(tiles, i, j), -1)
      floats.set(out, tile)
    }
  }

  function tile_factor(_lo: number, _hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, k, inverses] = args
    const tile = at(tiles, k, k)
    const lower = factored(floats.subarray(tile, tile + floatsPerTile))
    const inverse = invertedLower(lower)
    floats.set(inverse, inverses / 4 + k * floatsPerTile)
    for (let p = 0; p < floatsPerTile; p++)
      floats[tile + p] = inverse[(p % size) * size + Math.floor(p / size)]
  }

  function tile_solve_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, k] = args
    for (let i = k + 1 + lo; i < k + 1 + hi; i++) {
      const out = new Float64Array(floatsPerTile)
      addProduct(out, at(tiles, k, k), at(tiles, i, k), 1)
      floats.set(out, at(tiles, i, k))
    }
  }

  function tile_inverse_columns(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, i, row, inverses] = args
    for (let j = lo; j < hi; j++) {
      const sum = new Float64Array(floatsPerTile)
      const place = at(tiles, i, j)
      addProduct(sum, row / 4 + j * floatsPerTile, inverses / 4 + j * floatsPerTile, 1)
      for (let k = j + 1; k < i; k++) addProduct(sum, row / 4 + k * floatsPerTile, at(tiles, k, j), 1)
      floats.set(sum, place)
      const out = new Float64Array(floatsPerTile)
      addProduct(out, at(tiles, i, i), place, -1)
      floats.set(out, place)
    }
  }

  function tile_product_columns(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, i, nBlocks, inverses] = args
    const own = inverses / 4 + i * floatsPerTile
    for (let j = lo; j < hi; j++) {
      const out = new Float64Array(floatsPerTile)
      addProduct(out, own, j === i ? own : at(tiles, i, j), 1)
      for (let k = i + 1; k < nBlocks; k++) addProduct(out, at(tiles, k, i), at(tiles, k, j), 1)
      floats.set(out, at(tiles, i, j))
    }
  }

  return {
    tile_gram_rows,
    tile_update_rows,
    tile_factor,
    tile_solve_rows,
    tile_inverse_columns,
    tile_product_columns,
  }
}

/** The plain twins of `assembly/ease-rows.ts`. */
export function plainEase(memory: WebAssembly.Memory, top_k: TopK): Record<EaseKernel, RowKernel> {
  const floats = new Float32Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)
  const elementAt = (tiles: number, i: number, j: number) => {
    const [row, column] = i >= j ? [i, j] : [j, i]
    const [block, other] = [Math.floor(row / size), Math.floor(column / size)]
    return floats[
      tiles / 4 + ((block * (block + 1)) / 2 + other) * floatsPerTile + (row % size) * size + (column % size)
    ]
  }
  const spanOf = (starts: number, columns: number, row: number) =>
    ints.subarray(columns / 4 + ints[starts / 4 + row], columns / 4 + ints[starts / 4 + row + 1])

  function strongest(
    item: number,
    p: readonly number[],
    scratch: number,
    k: number,
    out: readonly number[],
  ): void {
    const [items, weights] = out
    const weight = (source: number) => -p[source] / p[item]
    p.forEach((_, source) => {
      floats[scratch / 4 + source] = source === item ? -3.4028234663852886e38 : Math.abs(weight(source))
    })
    top_k(scratch, p.length, k, items + 4 * item * k, weights + 4 * item * k)
    for (let rank = item * k; rank < (item + 1) * k; rank++) {
      const source = ints[items / 4 + rank]
      floats[weights / 4 + rank] = source < 0 ? 0 : weight(source)
    }
  }

  function ease_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [tiles, , nItems, k, ...out] = args
    for (let item = lo; item < hi; item++) {
      const p = Array.from({ length: nItems }, (_, source) => elementAt(tiles, item, source))
      strongest(item, p, scratch, k, out)
    }
  }

  function ease_spread_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, nBlocks, nUsers, starts, items, first, nPanel, out] = args
    for (let user = 0; user < nUsers; user++) {
      for (const item of spanOf(starts, items, user)) {
        if (item < first || item >= first + nPanel) continue
        const line = out / 4 + (item - first) * nBlocks * size
        for (let v = lo * size; v < hi * size; v++) floats[line + v] += elementAt(tiles, user, v)
      }
    }
  }

  function ease_dual_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [spread, pitch, first, nItems, starts, users, k, ...out] = args
    for (let row = lo; row < hi; row++) {
      const p = Array.from({ length: nItems }, (_, item) => {
        const own = spanOf(starts, users, item).reduce(
          (sum, user) => sum + floats[spread / 4 + row * pitch + user],
          0,
        )
        return (first + row === item ? 1 : 0) - own
      })
      strongest(first + row, p, scratch, k, out)
    }
  }

  return { ease_rows, ease_spread_rows, ease_dual_rows }
}

/** L of A = L·Lᵀ; the upper triangle is zero. */
function factored(tile: Float32Array): Float64Array {
  const lower = new Float64Array(floatsPerTile)
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let value = tile[i * size + j]
      for (let p = 0; p < j; p++) value -= lower[i * size + p] * lower[j * size + p]
      lower[i * size + j] = i === j ? Math.sqrt(value) : value / lower[j * size + j]
    }
  }
  return lower
}

function invertedLower(lower: Float64Array): Float64Array {
  const inverse = new Float64Array(floatsPerTile)
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let value = i === j ? 1 : 0
      for (let p = j; p < i; p++) value -= lower[i * size + p] * inverse[p * size + j]
      inverse[i * size + j] = value / lower[i * size + i]
    }
  }
  return inverse
}
