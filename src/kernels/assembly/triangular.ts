import { packTransposed } from './gemm'
import { subtractProduct } from './simd'

/**
 * Every row b in [lo, hi) becomes L⁻¹b, with L as `cholesky` leaves it: eight rows at a time, one column of them a pair of
 * vectors.
 * @param scratch  `triangularScratchBytes(order)` of `src/kernels/scratch.ts`
 * @param rows     `stride` floats a row, the first `order` of them solved in place
 * @param l        row-major, `strideL` floats a row; 1 / L[i,i] on the diagonal
 */
export function solve_lower_rows(
  lo: i32, hi: i32, scratch: usize, rows: usize, stride: i32, l: usize, order: i32, strideL: i32,
): void {
  const pitch = <usize>stride << 2
  const pitchL = <usize>strideL << 2
  const whole = order & ~3
  for (let row = lo; row < hi; row += 8) {
    const place = rows + <usize>row * pitch
    const count = min(8, hi - row)
    packTransposed(scratch, place, pitch, order, count, 8)
    for (let j = 0; j < whole; j += 4) lowerTile(scratch, l + <usize>j * pitchL, j, pitchL)
    for (let j = whole; j < order; j++) lowerRow(scratch, l + <usize>j * pitchL, j)
    unpack(place, pitch, scratch, order, count)
  }
}

/** Every row b in [lo, hi) becomes L⁻ᵀb; otherwise as `solve_lower_rows`. */
export function solve_upper_rows(
  lo: i32, hi: i32, scratch: usize, rows: usize, stride: i32, l: usize, order: i32, strideL: i32,
): void {
  const pitch = <usize>stride << 2
  const pitchL = <usize>strideL << 2
  const whole = order & ~3
  for (let row = lo; row < hi; row += 8) {
    const place = rows + <usize>row * pitch
    const count = min(8, hi - row)
    packTransposed(scratch, place, pitch, order, count, 8)
    for (let j = order - 1; j >= whole; j--) upperRow(scratch, l, j, order, pitchL)
    for (let j = whole - 4; j >= 0; j -= 4) upperTile(scratch, l, j, order, pitchL)
    unpack(place, pitch, scratch, order, count)
  }
}

/** x[j..j + 4) for eight right-hand sides. @param line  row j of L */
function lowerTile(x: usize, line: usize, j: i32, pitch: usize): void {
  const out = x + (<usize>j << 5)
  let a0 = v128.load(out)
  let a1 = v128.load(out, 16)
  let b0 = v128.load(out, 32)
  let b1 = v128.load(out, 48)
  let c0 = v128.load(out, 64)
  let c1 = v128.load(out, 80)
  let d0 = v128.load(out, 96)
  let d1 = v128.load(out, 112)
  for (let p = x; p < out; p += 32, line += 4) {
    const r0 = v128.load(p)
    const r1 = v128.load(p, 16)
    let l = v128.load32_splat(line)
    a0 = subtractProduct(l, r0, a0)
    a1 = subtractProduct(l, r1, a1)
    l = v128.load32_splat(line + pitch)
    b0 = subtractProduct(l, r0, b0)
    b1 = subtractProduct(l, r1, b1)
    l = v128.load32_splat(line + 2 * pitch)
    c0 = subtractProduct(l, r0, c0)
    c1 = subtractProduct(l, r1, c1)
    l = v128.load32_splat(line + 3 * pitch)
    d0 = subtractProduct(l, r0, d0)
    d1 = subtractProduct(l, r1, d1)
  }
  // From here on `line` is at the tile on the diagonal.
  let l = v128.load32_splat(line)
  a0 = f32x4.mul(l, a0)
  a1 = f32x4.mul(l, a1)
  line += pitch
  l = v128.load32_splat(line)
  b0 = subtractProduct(l, a0, b0)
  b1 = subtractProduct(l, a1, b1)
  l = v128.load32_splat(line, 4)
  b0 = f32x4.mul(l, b0)
  b1 = f32x4.mul(l, b1)
  line += pitch
  l = v128.load32_splat(line)
  c0 = subtractProduct(l, a0, c0)
  c1 = subtractProduct(l, a1, c1)
  l = v128.load32_splat(line, 4)
  c0 = subtractProduct(l, b0, c0)
  c1 = subtractProduct(l, b1, c1)
  l = v128.load32_splat(line, 8)
  c0 = f32x4.mul(l, c0)
  c1 = f32x4.mul(l, c1)
  line += pitch
  l = v128.load32_splat(line)
  d0 = subtractProduct(l, a0, d0)
  d1 = subtractProduct(l, a1, d1)
  l = v128.load32_splat(line, 4)
  d0 = subtractProduct(l, b0, d0)
  d1 = subtractProduct(l, b1, d1)
  l = v128.load32_splat(line, 8)
  d0 = subtractProduct(l, c0, d0)
  d1 = subtractProduct(l, c1, d1)
  l = v128.load32_splat(line, 12)
  d0 = f32x4.mul(l, d0)
  d1 = f32x4.mul(l, d1)
  storeTile(out, a0, a1, b0, b1, c0, c1, d0, d1)
}

function lowerRow(x: usize, line: usize, j: i32): void {
  const out = x + (<usize>j << 5)
  let a0 = v128.load(out)
  let a1 = v128.load(out, 16)
  for (let p = x; p < out; p += 32, line += 4) {
    const l = v128.load32_splat(line)
    a0 = subtractProduct(l, v128.load(p), a0)
    a1 = subtractProduct(l, v128.load(p, 16), a1)
  }
  const inverse = v128.load32_splat(line)
  v128.store(out, f32x4.mul(inverse, a0))
  v128.store(out, f32x4.mul(inverse, a1), 16)
}

function upperTile(x: usize, matrix: usize, j: i32, order: i32, pitch: usize): void {
  const out = x + (<usize>j << 5)
  let a0 = v128.load(out)
  let a1 = v128.load(out, 16)
  let b0 = v128.load(out, 32)
  let b1 = v128.load(out, 48)
  let c0 = v128.load(out, 64)
  let c1 = v128.load(out, 80)
  let d0 = v128.load(out, 96)
  let d1 = v128.load(out, 112)
  const diagonal = matrix + <usize>j * pitch + (<usize>j << 2)
  let column = diagonal + 4 * pitch
  const end = x + (<usize>order << 5)
  for (let p = out + 128; p < end; p += 32, column += pitch) {
    const r0 = v128.load(p)
    const r1 = v128.load(p, 16)
    let l = v128.load32_splat(column)
    a0 = subtractProduct(l, r0, a0)
    a1 = subtractProduct(l, r1, a1)
    l = v128.load32_splat(column, 4)
    b0 = subtractProduct(l, r0, b0)
    b1 = subtractProduct(l, r1, b1)
    l = v128.load32_splat(column, 8)
    c0 = subtractProduct(l, r0, c0)
    c1 = subtractProduct(l, r1, c1)
    l = v128.load32_splat(column, 12)
    d0 = subtractProduct(l, r0, d0)
    d1 = subtractProduct(l, r1, d1)
  }
  let line = diagonal + 3 * pitch
  let l = v128.load32_splat(line, 12)
  d0 = f32x4.mul(l, d0)
  d1 = f32x4.mul(l, d1)
  l = v128.load32_splat(line, 8)
  c0 = subtractProduct(l, d0, c0)
  c1 = subtractProduct(l, d1, c1)
  l = v128.load32_splat(line, 4)
  b0 = subtractProduct(l, d0, b0)
  b1 = subtractProduct(l, d1, b1)
  l = v128.load32_splat(line)
  a0 = subtractProduct(l, d0, a0)
  a1 = subtractProduct(l, d1, a1)
  line -= pitch
  l = v128.load32_splat(line, 8)
  c0 = f32x4.mul(l, c0)
  c1 = f32x4.mul(l, c1)
  l = v128.load32_splat(line, 4)
  b0 = subtractProduct(l, c0, b0)
  b1 = subtractProduct(l, c1, b1)
  l = v128.load32_splat(line)
  a0 = subtractProduct(l, c0, a0)
  a1 = subtractProduct(l, c1, a1)
  line -= pitch
  l = v128.load32_splat(line, 4)
  b0 = f32x4.mul(l, b0)
  b1 = f32x4.mul(l, b1)
  l = v128.load32_splat(line)
  a0 = subtractProduct(l, b0, a0)
  a1 = subtractProduct(l, b1, a1)
  l = v128.load32_splat(line - pitch)
  a0 = f32x4.mul(l, a0)
  a1 = f32x4.mul(l, a1)
  storeTile(out, a0, a1, b0, b1, c0, c1, d0, d1)
}

function upperRow(x: usize, matrix: usize, j: i32, order: i32, pitch: usize): void {
  const out = x + (<usize>j << 5)
  let a0 = v128.load(out)
  let a1 = v128.load(out, 16)
  const diagonal = matrix + <usize>j * pitch + (<usize>j << 2)
  let column = diagonal + pitch
  const end = x + (<usize>order << 5)
  for (let p = out + 32; p < end; p += 32, column += pitch) {
    const l = v128.load32_splat(column)
    a0 = subtractProduct(l, v128.load(p), a0)
    a1 = subtractProduct(l, v128.load(p, 16), a1)
  }
  const inverse = v128.load32_splat(diagonal)
  v128.store(out, f32x4.mul(inverse, a0))
  v128.store(out, f32x4.mul(inverse, a1), 16)
}

// @ts-ignore: decorator
@inline
function storeTile(out: usize, a0: v128, a1: v128, b0: v128, b1: v128, c0: v128, c1: v128, d0: v128, d1: v128): void {
  v128.store(out, a0)
  v128.store(out, a1, 16)
  v128.store(out, b0, 32)
  v128.store(out, b1, 48)
  v128.store(out, c0, 64)
  v128.store(out, c1, 80)
  v128.store(out, d0, 96)
  v128.store(out, d1, 112)
}

/** The packed columns back to `count` rows of `length`. */
function unpack(rows: usize, pitch: usize, packed: usize, length: i32, count: i32): void {
  for (let r = 0; r < count; r += 4) {
    if (r + 4 <= count) unpackFour(rows + <usize>r * pitch, pitch, packed + (<usize>r << 2), length)
    else for (let i = r; i < count; i++) unpackFrom(rows + <usize>i * pitch, packed + (<usize>i << 2), 0, length)
  }
}

function unpackFour(out: usize, pitch: usize, packed: usize, length: i32): void {
  const whole = length & ~3
  for (let j = 0; j < whole; j += 4) {
    const p = packed + (<usize>j << 5)
    const place = out + (<usize>j << 2)
    const a = v128.load(p)
    const b = v128.load(p, 32)
    const c = v128.load(p, 64)
    const d = v128.load(p, 96)
    let ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
    let cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
    v128.store(place, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5))
    v128.store(place + pitch, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
    ab = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
    cd = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
    v128.store(place + 2 * pitch, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5))
    v128.store(place + 3 * pitch, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
  }
  for (let r = 0; r < 4; r++) unpackFrom(out + <usize>r * pitch, packed + (<usize>r << 2), whole, length)
}

function unpackFrom(row: usize, packed: usize, from: i32, length: i32): void {
  for (let j = from; j < length; j++) store<f32>(row + (<usize>j << 2), load<f32>(packed + (<usize>j << 5)))
}
