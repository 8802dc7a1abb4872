import { createHash } from 'node:crypto'
import { compileKernels, instantiateKernels, type KernelBuild } from '../../src/kernels/instance.ts'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'
import { gemmScratchBytes, gramRowsScratchBytes, rotateScratchBytes } from '../../src/kernels/scratch.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { ialsScratchBytes } from '../../src/models/als/cost-model.ts'

/** Prints a hash of what each kernel of one build writes on the same numbers: run by lanes.test.ts in a process of its own. */
const shared = new SharedMemory()
const kernels = instantiateKernels(compileKernels(process.argv[2] as KernelBuild), shared.memory)
const found: Record<string, string> = {}

function normals(length: number, seed: number): Float32Array {
  const floats = shared.float32(length)
  for (let at = 0; at < length; at++) floats[at] = 0.3 * normalAt(seed, at)
  return floats
}

function note(name: string, ...written: readonly (Float32Array | Float64Array)[]): void {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of written)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  found[name] = hash.digest('hex')
}

for (const width of [8, 24, 64, 72, 136]) {
  const [panel, out] = [normals(70 * (width + 16), 1), shared.float32(width * width)]
  kernels.gram(panel.byteOffset, width + 16, 70, width, out.byteOffset)
  note(`gram ${width}`, lowerTriangle(out, width))
  for (let f = 0; f < width; f++) out[f * width + f] += 2
  const stride = width + 8
  const a = shared.float32((width + 4) * stride)
  for (let i = 0; i < width; i++) a.set(out.subarray(i * width, i * width + i + 1), i * stride)
  a.set(normals(width, 2), width * stride)
  kernels.cholesky(a.byteOffset, width, width + 1, stride)
  kernels.solveTransposed(a.byteOffset, width, stride, a.byteOffset + 4 * width * stride)
  note(`cholesky ${width}`, a.subarray(width * stride, width * stride + width))

  const rows = normals(300 * width, 3)
  const partials = shared.float32(width * width)
  kernels.gram_rows(
    0,
    300,
    shared.allocate(gramRowsScratchBytes(width)),
    rows.byteOffset,
    width,
    300,
    partials.byteOffset,
  )
  note(`gram_rows ${width}`, lowerTriangle(partials, width))
  kernels.rotate_rows(
    0,
    300,
    shared.allocate(rotateScratchBytes(width)),
    rows.byteOffset,
    width,
    normals(width ** 2, 4).byteOffset,
  )
  note(`rotate_rows ${width}`, rows)
  for (const [nDual, cgSteps] of [
    [0, 0],
    [400, 0],
    [0, 3],
  ])
    solveRows(width, nDual, cgSteps)
}
for (const [m, n, k] of [
  [64, 64, 64],
  [37, 29, 301],
  [5, 70, 17],
]) {
  for (const name of ['gemm', 'gemm_transposed'] as const) {
    const [a, b, c] = [normals(m * k, 5), normals(n * k, 6), shared.float32(m * n)]
    const [strideB, scratch] = [name === 'gemm' ? n : k, shared.allocate(gemmScratchBytes)]
    kernels[name](m, n, k, a.byteOffset, k, b.byteOffset, strideB, c.byteOffset, n, scratch)
    note(`${name} ${m} ${n} ${k}`, c)
  }
}
console.log(JSON.stringify(found))

function lowerTriangle(square: Float32Array, width: number): Float32Array {
  return square.filter((_, at) => at % width <= Math.floor(at / width))
}

/** Rows of 0 to 190 entries against 200 others. */
function solveRows(width: number, nDual: number, cgSteps: number): void {
  const nRows = 20
  const rowStarts = shared.int32(nRows + 1)
  for (let row = 0; row < nRows; row++) rowStarts[row + 1] = rowStarts[row] + 10 * row
  const columns = shared.int32(rowStarts[nRows])
  const weights = shared.float32(columns.length)
  for (let entry = 0; entry < columns.length; entry++) {
    columns[entry] = Math.floor(200 * uniformAt(7, entry))
    weights[entry] = 0.5 + uniformAt(8, entry)
  }
  const [own, other, diagonal] = [
    normals(nRows * width, 9),
    normals(200 * width, 10),
    shared.float32(width).fill(0.7),
  ]
  const [objective, penalty] = [shared.float64(nRows), shared.float64(nRows)]
  const scratch = shared.allocate(ialsScratchBytes(width, { nDual, cgSteps }))
  const inputs = [rowStarts, columns, weights, own, other].map(({ byteOffset }) => byteOffset)
  const scalars = [width, diagonal.byteOffset, 0.05, 3, 0.9, nDual, cgSteps]
  kernels.ials_rows(0, nRows, scratch, ...inputs, ...scalars, objective.byteOffset, penalty.byteOffset)
  note(`ials_rows ${width} ${nDual} ${cgSteps}`, own, objective, penalty)
}
