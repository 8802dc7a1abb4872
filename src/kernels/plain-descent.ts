import type { RowKernel } from './instance.ts'
import { uniformAt } from './random.ts'

/** The plain twins of `assembly/sgd-blocks.ts`. */
export function plainDescent(
  memory: WebAssembly.Memory,
): Record<'strata_blocks' | 'sgd_blocks' | 'bpr_blocks', RowKernel> {
  const floats = new Float32Array(memory.buffer)
  const doubles = new Float64Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)

  /** Entries of user block `block` in a stratum. */
  const spanOf = (blockStarts: number, nBlocks: number, block: number, stratum: number) => {
    const cell = blockStarts / 4 + block * nBlocks + ((block + stratum) % nBlocks)
    return [ints[cell], ints[cell + 1]] as const
  }

  function strata_blocks(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [nBlocks, userStarts, userOrder, itemBlocks, rowStarts, columns, targets, ...out] = args
    const [blockStarts, outUsers, outItems, outValues] = out
    for (let block = lo; block < hi; block++) {
      let place = ints[blockStarts / 4 + block * nBlocks]
      const users = ints.subarray(
        userOrder / 4 + ints[userStarts / 4 + block],
        userOrder / 4 + ints[userStarts / 4 + block + 1],
      )
      for (let other = 0; other < nBlocks; other++) {
        if (other > 0) ints[blockStarts / 4 + block * nBlocks + other] = place
        for (const user of users) {
          for (let entry = ints[rowStarts / 4 + user]; entry < ints[rowStarts / 4 + user + 1]; entry++) {
            const item = ints[columns / 4 + entry]
            if (ints[itemBlocks / 4 + item] !== other) continue
            ints[outUsers / 4 + place] = user
            ints[outItems / 4 + place] = item
            floats[outValues / 4 + place++] = floats[targets / 4 + entry]
          }
        }
      }
    }
  }

  function sgd_blocks(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [blockStarts, nBlocks, stratum, users, items, targets, userRows, itemRows, stride, ...rates] = args
    const [rate, reg, regBias, squares] = rates
    const width = stride - 4
    for (let block = lo; block < hi; block++) {
      const [start, end] = spanOf(blockStarts, nBlocks, block, stratum)
      for (let entry = start; entry < end; ) {
        const user = ints[users / 4 + entry]
        const together = entry + 3 < end && ints[users / 4 + entry + 3] === user ? 4 : 1
        const p = userRows / 4 + user * stride
        const before = floats.slice(p, p + stride)
        for (let last = entry + together; entry < last; entry++) {
          const q = itemRows / 4 + ints[items / 4 + entry] * stride
          let error = floats[targets / 4 + entry] - before[width] - floats[q + width]
          for (let f = 0; f < width; f++) error -= before[f] * floats[q + f]
          floats[p + width] += rate * (error - regBias * before[width])
          floats[q + width] += rate * (error - regBias * floats[q + width])
          for (let f = 0; f < width; f++) {
            const [x, y] = [before[f], floats[q + f]]
            floats[p + f] += rate * (error * y - reg * x)
            floats[q + f] += rate * (error * x - reg * y)
          }
          doubles[squares / 8 + block] += error * error
        }
      }
    }
  }

  function bpr_blocks(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [
      blockStarts,
      nBlocks,
      stratum,
      users,
      items,
      userRows,
      itemRows,
      stride,
      rate,
      reg,
      regBias,
      ...draws
    ] = args
    const [userStarts, userItems, drawStarts, drawItems, candidates, seed, losses] = draws
    const width = stride - 4
    const draw = (user: number, itemBlock: number, position: number): number => {
      const own = ints.subarray(
        userItems / 4 + ints[userStarts / 4 + user],
        userItems / 4 + ints[userStarts / 4 + user + 1],
      )
      const [first, end] = [ints[drawStarts / 4 + itemBlock], ints[drawStarts / 4 + itemBlock + 1]]
      for (let trial = 0; trial < 16; trial++) {
        const place = Math.floor(uniformAt(seed, position * 16 + trial) * (end - first))
        const item = ints[drawItems / 4 + first + place]
        if (!own.includes(item)) return item
      }
      return -1
    }
    const scoreOf = (p: number, item: number): number => {
      const r = itemRows / 4 + item * stride
      let sum = floats[r + width]
      for (let f = 0; f < width; f++) sum += floats[p + f] * floats[r + f]
      return sum
    }
    for (let block = lo; block < hi; block++) {
      const [start, end] = spanOf(blockStarts, nBlocks, block, stratum)
      for (let entry = start; entry < end; entry++) {
        const user = ints[users / 4 + entry]
        const p = userRows / 4 + user * stride
        const [other] = Array.from({ length: candidates }, (_, c) =>
          draw(user, (block + stratum) % nBlocks, entry * candidates + c),
        )
          .filter((item) => item >= 0)
          .sort((a, b) => scoreOf(p, b) - scoreOf(p, a))
        if (other === undefined) continue
        const [q, r] = [itemRows / 4 + ints[items / 4 + entry] * stride, itemRows / 4 + other * stride]
        let x = floats[q + width] - floats[r + width]
        for (let f = 0; f < width; f++) x += floats[p + f] * (floats[q + f] - floats[r + f])
        const slope = 1 / (1 + Math.exp(x))
        floats[q + width] += rate * (slope - regBias * floats[q + width])
        floats[r + width] -= rate * (slope + regBias * floats[r + width])
        for (let f = 0; f < width; f++) {
          const [a, b, c] = [floats[p + f], floats[q + f], floats[r + f]]
          floats[p + f] += rate * (slope * (b - c) - reg * a)
          floats[q + f] += rate * (slope * a - reg * b)
          floats[r + f] += rate * (-slope * a - reg * c)
        }
        doubles[losses / 8 + block] += Math.log1p(Math.exp(-x))
      }
    }
  }

  return { strata_blocks, sgd_blocks, bpr_blocks }
}
