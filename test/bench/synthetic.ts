import { closeSync, openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'

/**
 * Interactions with a realistic long tail, the same for the same seed: users' activity is log-normal, items are drawn by a
 * power of their rank, half of the time among those of the user's own taste. Pairs are distinct and sorted by user.
 *
 *     node test/bench/synthetic.ts --users 138000 --items 27000 --interactions 20000000 --to DIR
 *
 * writes DIR/pairs.bin (int32 user, int32 item, one pair after the other) and with --csv DIR/pairs.csv.
 */
export interface SyntheticSize {
  readonly nUsers: number
  readonly nItems: number
  readonly nInteractions: number
  readonly seed?: number
}

const nTastes = 40

/** rowStarts and columns of a CSR by user. */
export function syntheticInteractions({ nUsers, nItems, nInteractions, seed = 1 }: SyntheticSize) {
  const activity = Float64Array.from({ length: nUsers }, (_, user) => Math.exp(1.1 * normalAt(seed, user)))
  const total = activity.reduce((sum, value) => sum + value, 0)
  const most = Math.floor(nItems / 4)
  const rowStarts = new Int32Array(nUsers + 1)
  const columns = new Int32Array(Math.ceil(1.05 * nInteractions))
  const isTaken = new Uint8Array(nItems)
  let filled = 0
  let draw = 0
  for (let user = 0; user < nUsers; user++) {
    const wanted = Math.min(most, Math.max(5, Math.round((1.03 * nInteractions * activity[user]) / total)))
    const taste = Math.floor(uniformAt(seed + 1, user) * nTastes)
    const first = filled
    for (let misses = 0; filled - first < wanted && misses < 4 * wanted && filled < columns.length; ) {
      const item = drawItem(nItems, taste, uniformAt(seed + 2, draw), uniformAt(seed + 3, draw))
      draw++
      if (isTaken[item] === 1) {
        misses++
        continue
      }
      isTaken[item] = 1
      columns[filled++] = item
    }
    const own = columns.subarray(first, filled).sort()
    for (const item of own) isTaken[item] = 0
    rowStarts[user + 1] = filled
  }
  return { rowStarts, columns: columns.subarray(0, filled) }
}

/** By rank^−0.7 or so: the square of a uniform number leans to the head. */
function drawItem(nItems: number, taste: number, u: number, v: number): number {
  const rank = Math.floor(nItems * u ** 2.4)
  if (v < 0.5) return scatter(rank, nItems)
  const own = rank - (rank % nTastes) + taste
  return scatter(Math.min(nItems - 1, own), nItems)
}

/** Popularity is not the order of the ids. */
function scatter(rank: number, nItems: number): number {
  return (rank * 7919 + 13) % nItems
}

function main(): void {
  const { values } = parseArgs({
    options: {
      users: { type: 'string', default: '138000' },
      items: { type: 'string', default: '27000' },
      interactions: { type: 'string', default: '20000000' },
      seed: { type: 'string', default: '1' },
      csv: { type: 'boolean', default: false },
      to: { type: 'string', default: '.' },
    },
  })
  const size = {
    nUsers: Number(values.users),
    nItems: Number(values.items),
    nInteractions: Number(values.interactions),
  }
  const { rowStarts, columns } = syntheticInteractions({ ...size, seed: Number(values.seed) })
  writePairs(`${values.to}/pairs.bin`, rowStarts, columns)
  if (values.csv) writeCsv(`${values.to}/pairs.csv`, rowStarts, columns)
  console.log(`${columns.length} pairs of ${size.nUsers} users and ${size.nItems} items`)
}

function writePairs(path: string, rowStarts: Int32Array, columns: Int32Array): void {
  const pairs = new Int32Array(2 * columns.length)
  for (let user = 0; user + 1 < rowStarts.length; user++) {
    for (let entry = rowStarts[user]; entry < rowStarts[user + 1]; entry++) {
      pairs[2 * entry] = user
      pairs[2 * entry + 1] = columns[entry]
    }
  }
  const file = openSync(path, 'w')
  writeSync(file, pairs)
  closeSync(file)
}

function writeCsv(path: string, rowStarts: Int32Array, columns: Int32Array): void {
  const file = openSync(path, 'w')
  let text = 'user,item,rating\n'
  for (let user = 0; user + 1 < rowStarts.length; user++) {
    for (let entry = rowStarts[user]; entry < rowStarts[user + 1]; entry++)
      text += `${user},${columns[entry]},1\n`
    if (text.length < 1e6) continue
    writeSync(file, text)
    text = ''
  }
  writeSync(file, text)
  closeSync(file)
}

if (import.meta.main) main()
