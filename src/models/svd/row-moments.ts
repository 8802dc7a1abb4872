import type { Compute } from '../../kernels/compute.ts'
import { gramRowsScratchBytes } from '../../kernels/scratch.ts'
import type { RowMoments } from './hyperparameters.ts'

/** Sums over rows of `order` numbers each, which a multiple of 8 follows; rows without ratings have to be zeros. */
export async function momentsOf(
  rows: Float32Array,
  { nRows, rowStarts }: { readonly nRows: number; readonly rowStarts: Int32Array },
  order: number,
  compute: Compute,
): Promise<RowMoments> {
  const stride = (order + 7) & ~7
  const sum = new Float64Array(order)
  let nRated = 0
  for (let row = 0; row < nRows; row++) {
    if (rowStarts[row + 1] > rowStarts[row]) nRated++
    for (let f = 0; f < order; f++) sum[f] += rows[row * stride + f]
  }
  const products = await compute.scoped(async () => {
    const rowsPerRange = Math.max(256, Math.ceil(nRows / 16))
    const nSlots = Math.ceil(nRows / rowsPerRange)
    const partials = compute.float32(nSlots * stride * stride)
    await compute.run({
      kernel: 'gram_rows',
      nRows,
      rowsPerRange,
      scratchBytes: gramRowsScratchBytes(stride),
      args: [rows, stride, rowsPerRange, partials],
    })
    return sumSlots(partials, nSlots, order, stride)
  })
  return { nRows: nRated, sum, products }
}

function sumSlots(partials: Float32Array, nSlots: number, order: number, stride: number): Float64Array {
  const products = new Float64Array(order * order)
  for (let slot = 0; slot < nSlots; slot++) {
    const start = slot * stride * stride
    for (let i = 0; i < order; i++) {
      for (let j = 0; j <= i; j++) products[i * order + j] += partials[start + i * stride + j]
    }
  }
  for (let i = 0; i < order; i++)
    for (let j = i + 1; j < order; j++) products[i * order + j] = products[j * order + i]
  return products
}
