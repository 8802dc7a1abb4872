import type { RowKernel } from './instance.ts'

const size = 64
const numbersPerTile = size * size

type TileKernel =
  | 'tile_gram_rows'
  | 'tile_update_rows'
  | 'tile_factor'
  | 'tile_solve_rows'
  | 'tile_inverse_columns'
  | 'tile_product_columns'
type EaseKernel = 'ease_rows' | 'ease_spread_rows' | 'ease_dual_rows'

type TopK = (scores: number, nItems: number, k: number, outItems: number, outScores: number) => void

type Numbers = Float32Array | Float64Array

/** The memory as numbers of single or double precision, and the bytes of one. */
function numbersOf(memory: WebAssembly.Memory) {
  const [single, double] = [new Float32Array(memory.buffer), new Float64Array(memory.buffer)]
  return (isDouble: number): [Numbers, number] => (isDouble ? [double, 8] : [single, 4])
}

/** The plain twins of `assembly/tiles.ts`; tile addresses in numbers. */
export function plainTiles(memory: WebAssembly.Memory): Record<TileKernel, RowKernel> {
  const ints = new Int32Array(memory.buffer)
  const viewOf = numbersOf(memory)
  const at = (tiles: number, i: number, j: number) => tiles + ((i * (i + 1)) / 2 + j) * numbersPerTile

  /** sign · AᵀB added to a tile of numbers in double precision. */
  function addProduct(numbers: Numbers, out: Float64Array, a: number, b: number, sign: number): void {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0
        for (let p = 0; p < size; p++) sum += numbers[a + p * size + row] * numbers[b + p * size + column]
        out[row * size + column] += sign * sum
      }
    }
  }

  function tile_gram_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [address, n, lambda, starts, rows, others, columns, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    const tiles = address / bytes
    for (let i = lo * size; i < hi * size; i++) {
      const block = Math.floor(i / size)
      const line = (j: number) => at(tiles, block, Math.floor(j / size)) + (i % size) * size + (j % size)
      for (let j = 0; j < (block + 1) * size; j++) numbers[line(j)] = i === j ? (i < n ? lambda : 1) : 0
      if (i >= n) continue
      for (let entry = ints[starts / 4 + i]; entry < ints[starts / 4 + i + 1]; entry++) {
        const row = ints[rows / 4 + entry]
        for (let other = ints[others / 4 + row]; other < ints[others / 4 + row + 1]; other++) {
          const j = ints[columns / 4 + other]
          if (j < (block + 1) * size) numbers[line(j)] += 1
        }
      }
    }
  }

  function tile_update_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [address, k, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    const tiles = address / bytes
    for (let i = k + lo; i < k + hi; i++) {
      const tile = at(tiles, i, k)
      const out = Float64Array.from(
        { length: numbersPerTile },
        (_, p) => numbers[tile + (p % size) * size + Math.floor(p / size)],
      )
      for (let j = 0; j < k; j++) addProduct(numbers, out, at(tiles, k, j), at(tiles, i, j), -1)
      numbers.set(out, tile)
    }
  }

  function tile_factor(_lo: number, _hi: number, _scratch: number, ...args: number[]): void {
    const [address, k, inverses, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    const tiles = address / bytes
    const tile = at(tiles, k, k)
    const lower = factored(numbers.subarray(tile, tile + numbersPerTile))
    const inverse = invertedLower(lower)
    numbers.set(inverse, inverses / bytes + k * numbersPerTile)
    for (let p = 0; p < numbersPerTile; p++)
      numbers[tile + p] = inverse[(p % size) * size + Math.floor(p / size)]
  }

  function tile_solve_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [address, k, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    const tiles = address / bytes
    for (let i = k + 1 + lo; i < k + 1 + hi; i++) {
      const out = new Float64Array(numbersPerTile)
      addProduct(numbers, out, at(tiles, k, k), at(tiles, i, k), 1)
      numbers.set(out, at(tiles, i, k))
    }
  }

  function tile_inverse_columns(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [address, i, row, inverses, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    const tiles = address / bytes
    for (let j = lo; j < hi; j++) {
      const sum = new Float64Array(numbersPerTile)
      const place = at(tiles, i, j)
      addProduct(numbers, sum, row / bytes + j * numbersPerTile, inverses / bytes + j * numbersPerTile, 1)
      for (let k = j + 1; k < i; k++)
        addProduct(numbers, sum, row / bytes + k * numbersPerTile, at(tiles, k, j), 1)
      numbers.set(sum, place)
      const out = new Float64Array(numbersPerTile)
      addProduct(numbers, out, at(tiles, i, i), place, -1)
      numbers.set(out, place)
    }
  }

  function tile_product_columns(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [address, i, nBlocks, inverses, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    const tiles = address / bytes
    const own = inverses / bytes + i * numbersPerTile
    for (let j = lo; j < hi; j++) {
      const out = new Float64Array(numbersPerTile)
      addProduct(numbers, out, own, j === i ? own : at(tiles, i, j), 1)
      for (let k = i + 1; k < nBlocks; k++) addProduct(numbers, out, at(tiles, k, i), at(tiles, k, j), 1)
      numbers.set(out, at(tiles, i, j))
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
  const viewOf = numbersOf(memory)
  const elementAt = (isDouble: number, tiles: number, i: number, j: number) => {
    const [numbers, bytes] = viewOf(isDouble)
    const [row, column] = i >= j ? [i, j] : [j, i]
    const [block, other] = [Math.floor(row / size), Math.floor(column / size)]
    return numbers[
      tiles / bytes +
        ((block * (block + 1)) / 2 + other) * numbersPerTile +
        (row % size) * size +
        (column % size)
    ]
  }
  const spanOf = (starts: number, columns: number, row: number) =>
    ints.subarray(columns / 4 + ints[starts / 4 + row], columns / 4 + ints[starts / 4 + row + 1])

  function chooseWeights(item: number, p: readonly number[], scratch: number, out: readonly number[]): void {
    const [k, items, weights, bySize] = out
    const weight = (source: number) => -p[source] / p[item]
    p.forEach((_, source) => {
      floats[scratch / 4 + source] =
        source === item ? -3.4028234663852886e38 : bySize ? Math.abs(weight(source)) : weight(source)
    })
    top_k(scratch, p.length, k, items + 4 * item * k, weights + 4 * item * k)
    for (let rank = item * k; rank < (item + 1) * k; rank++) {
      const source = ints[items / 4 + rank]
      floats[weights / 4 + rank] = source < 0 ? 0 : weight(source)
    }
  }

  function ease_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [tiles, , nItems, k, items, weights, isDouble, bySize] = args
    for (let item = lo; item < hi; item++) {
      const p = Array.from({ length: nItems }, (_, source) => elementAt(isDouble, tiles, item, source))
      chooseWeights(item, p, scratch, [k, items, weights, bySize])
    }
  }

  function ease_spread_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [tiles, nBlocks, nUsers, starts, items, first, nPanel, out, isDouble] = args
    const [numbers, bytes] = viewOf(isDouble)
    for (let user = 0; user < nUsers; user++) {
      for (const item of spanOf(starts, items, user)) {
        if (item < first || item >= first + nPanel) continue
        const line = out / bytes + (item - first) * nBlocks * size
        for (let v = lo * size; v < hi * size; v++) numbers[line + v] += elementAt(isDouble, tiles, user, v)
      }
    }
  }

  function ease_dual_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [spread, pitch, first, nItems, starts, users, k, items, weights, isDouble, bySize] = args
    const [numbers, bytes] = viewOf(isDouble)
    for (let row = lo; row < hi; row++) {
      const p = Array.from({ length: nItems }, (_, item) => {
        const own = spanOf(starts, users, item).reduce(
          (sum, user) => sum + numbers[spread / bytes + row * pitch + user],
          0,
        )
        return (first + row === item ? 1 : 0) - own
      })
      chooseWeights(first + row, p, scratch, [k, items, weights, bySize])
    }
  }

  return { ease_rows, ease_spread_rows, ease_dual_rows }
}

/** L of A = L·Lᵀ; the upper triangle is zero. */
function factored(tile: Numbers): Float64Array {
  const lower = new Float64Array(numbersPerTile)
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
  const inverse = new Float64Array(numbersPerTile)
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let value = i === j ? 1 : 0
      for (let p = j; p < i; p++) value -= lower[i * size + p] * inverse[p * size + j]
      inverse[i * size + j] = value / lower[i * size + i]
    }
  }
  return inverse
}
