import type { MatrixProduct } from './instance.ts'

/** Twins of the dense kernels and of the one that measures the host, see `plainKernels`. */
export function plainDense(memory: WebAssembly.Memory) {
  const floats = new Float32Array(memory.buffer)

  function fma_peak(nSteps: number, a: number): number {
    let sum = 0
    for (let lane = 0; lane < 8; lane++) {
      const [x, y] = [floats[a / 4 + lane], floats[a / 4 + 8 + lane]]
      let s = y
      for (let n = 0; n < nSteps; n++) s = s * x + y
      sum += 12 * s
    }
    return sum
  }

  const product =
    (isTransposed: boolean): MatrixProduct =>
    (m, n, k, a, strideA, b, strideB, c, strideC) => {
      const [stepDown, stepRight] = isTransposed ? [1, strideB] : [strideB, 1]
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = floats[c / 4 + i * strideC + j]
          for (let p = 0; p < k; p++) {
            sum += floats[a / 4 + i * strideA + p] * floats[b / 4 + p * stepDown + j * stepRight]
          }
          floats[c / 4 + i * strideC + j] = sum
        }
      }
    }

  function solve_lower_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rows, stride, l, order, strideL] = args
    for (let row = lo; row < hi; row++) {
      const x = floats.subarray(rows / 4 + row * stride, rows / 4 + row * stride + order)
      for (let i = 0; i < order; i++) {
        let value = x[i]
        for (let k = 0; k < i; k++) value -= floats[l / 4 + i * strideL + k] * x[k]
        x[i] = value * floats[l / 4 + i * strideL + i]
      }
    }
  }

  function solve_upper_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rows, stride, l, order, strideL] = args
    for (let row = lo; row < hi; row++) {
      const x = floats.subarray(rows / 4 + row * stride, rows / 4 + row * stride + order)
      for (let i = order - 1; i >= 0; i--) {
        let value = x[i]
        for (let k = i + 1; k < order; k++) value -= floats[l / 4 + k * strideL + i] * x[k]
        x[i] = value * floats[l / 4 + i * strideL + i]
      }
    }
  }

  return {
    solve_lower_rows,
    solve_upper_rows,
    fma_peak,
    gemm: product(false),
    gemm_transposed: product(true),
  }
}
