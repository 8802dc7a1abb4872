import type { Csr, TrainingSet } from '../../dataset/types.ts'
import { RecsysError } from '../../errors.ts'
import type { Compute } from '../../kernels/compute.ts'
import type { RandomStream } from '../../kernels/random.ts'
import type { CheckpointArrays, Tensor } from '../types.ts'

/** What a draw needs of one side. */
export interface TimedSide {
  readonly nRows: number
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  /** Without the bins' biases. */
  readonly ratings: Float32Array
  /** Out: with the bins' biases taken off. */
  readonly values: Float32Array
  readonly samples: Float32Array
  readonly alphas: Float32Array
  readonly roots: Float32Array
}

/** Bins of one side's rows: those of a row follow each other. */
interface Bins {
  readonly starts: Int32Array
  readonly biases: Float32Array
  /** Of each entry, in the order of the side's own ratings and in that of the other's. */
  readonly own: Int32Array
  readonly other: Int32Array
  readonly sums: Float64Array
  strength: number
}

export const secondsPerDay = 86_400

/** Precision of the first draw: half a point on a scale of 1 to 5. */
const firstStrength = 16

/**
 * Biases that hold for a while (Koren 2009): of a user for a day, of an item for one of the bins into which the time of
 * all ratings is cut, as many ratings in each. Drawn like all else, with a normal prior whose precision is drawn too.
 */
export class TimeTerm {
  readonly #users: Bins
  readonly #items: Bins
  readonly #days: Float32Array
  readonly #edges: Float64Array
  readonly #largestRow: number
  #nKept = 0

  constructor(train: TrainingSet, nBins: number, compute: Compute) {
    const times = train.timestamps()
    this.#edges = edgesOf(times, nBins)
    const { byUser, byItem, nUsers, nItems } = train
    const { starts, days, dayOf } = userDays(byUser, times)
    this.#days = Float32Array.from(days)
    const nOfItem = this.#edges.length + 1
    const itemStarts = Int32Array.from({ length: nItems + 1 }, (_, item) => item * nOfItem)
    const binOf = Int32Array.from(byUser.columns, (item, entry) =>
      isUnknown(times[entry]) ? -1 : item * nOfItem + binAt(this.#edges, times[entry]),
    )
    const order = entriesByItem(byUser, byItem)
    const bins = (binStarts: Int32Array, own: Int32Array, other: Int32Array): Bins => {
      const shared = (values: Int32Array) => {
        const copy = compute.int32(values.length)
        copy.set(values)
        return copy
      }
      const nAll = binStarts[binStarts.length - 1]
      return {
        ...{
          starts: shared(binStarts),
          biases: compute.float32(nAll),
          own: shared(own),
          other: shared(other),
        },
        ...{ sums: new Float64Array(nAll), strength: firstStrength },
      }
    }
    this.#users = bins(
      starts,
      dayOf,
      order.map((entry) => dayOf[entry]),
    )
    this.#items = bins(
      itemStarts,
      order.map((entry) => binOf[entry]),
      binOf,
    )
    let largest = nOfItem
    for (let user = 0; user < nUsers; user++) largest = Math.max(largest, starts[user + 1] - starts[user])
    this.#largestRow = largest
  }

  /** Draws the biases given all else and takes them off the ratings of both sides. */
  async draw(
    sides: { readonly users: TimedSide; readonly items: TimedSide; readonly factors: number },
    random: RandomStream,
    seeds: readonly [number, number],
    compute: Compute,
  ): Promise<void> {
    const { users, items, factors } = sides
    await this.#drawSide(
      this.#users,
      this.#items.other,
      this.#items.biases,
      [users, items],
      factors,
      seeds[0],
      compute,
    )
    drawStrength(this.#users, random)
    await this.#drawSide(
      this.#items,
      this.#users.other,
      this.#users.biases,
      [items, users],
      factors,
      seeds[1],
      compute,
    )
    drawStrength(this.#items, random)
    const biases = { user: this.#users.biases, item: this.#items.biases }
    const shift = (side: TimedSide, userBins: Int32Array, itemBins: Int32Array) =>
      compute.run({
        kernel: 'shift_entries',
        nRows: side.values.length,
        rowsPerRange: 65_536,
        args: [side.ratings, userBins, biases.user, itemBins, biases.item, side.values],
      })
    await shift(users, this.#users.own, this.#items.other)
    await shift(items, this.#users.other, this.#items.own)
  }

  async #drawSide(
    bins: Bins,
    otherBins: Int32Array,
    otherBiases: Float32Array,
    [own, other]: readonly [TimedSide, TimedSide],
    factors: number,
    seed: number,
    compute: Compute,
  ): Promise<void> {
    const stride = own.nRows > 0 ? own.samples.length / own.nRows : 8
    await compute.run({
      kernel: 'bin_rows',
      nRows: own.nRows,
      scratchBytes: 12 * this.#largestRow + 64,
      args: [
        ...[own.rowStarts, own.columns, own.ratings, bins.own, otherBins, otherBiases, own.samples],
        ...[
          other.samples,
          factors,
          stride,
          own.alphas,
          other.roots,
          bins.strength,
          seed,
          bins.starts,
          bins.biases,
        ],
      ],
    })
  }

  /** Adds the present draw to the mean. */
  keep(): void {
    this.#nKept++
    for (const { sums, biases } of [this.#users, this.#items]) {
      for (let bin = 0; bin < biases.length; bin++) sums[bin] += biases[bin]
    }
  }

  /** Days of each user and bins of each item with the mean of what was kept. */
  tensors(scale: number): Record<string, Tensor> {
    const meanOf = ({ sums, biases }: Bins) =>
      Float32Array.from(sums, (sum, bin) => scale * (this.#nKept > 0 ? sum / this.#nKept : biases[bin]))
    const model = (data: Float32Array): Tensor => ({ axis: 'model', width: data.length, data })
    const { starts } = this.#users
    const counts = Float32Array.from(
      { length: starts.length - 1 },
      (_, user) => starts[user + 1] - starts[user],
    )
    const bounds = Float64Array.from(this.#edges)
    return {
      userDayCount: { axis: 'user', width: 1, data: counts },
      userDays: model(this.#days),
      userDayBias: model(meanOf(this.#users)),
      itemBinBias: { axis: 'item', width: bounds.length + 1, data: meanOf(this.#items) },
      // Seconds are too many for single precision: days and the seconds of the day.
      binDays: model(Float32Array.from(bounds, (edge) => Math.floor(edge / secondsPerDay))),
      binSeconds: model(
        Float32Array.from(bounds, (edge) => edge - secondsPerDay * Math.floor(edge / secondsPerDay)),
      ),
    }
  }

  arrays(): CheckpointArrays {
    const [users, items] = [this.#users, this.#items]
    return {
      ...{ dayBiases: users.biases, binBiases: items.biases, daySums: users.sums, binSums: items.sums },
      timeState: Float64Array.of(users.strength, items.strength, this.#nKept),
    }
  }

  restore(arrays: CheckpointArrays): void {
    const [users, items] = [this.#users, this.#items]
    users.biases.set(arrays.dayBiases)
    items.biases.set(arrays.binBiases)
    users.sums.set(arrays.daySums)
    items.sums.set(arrays.binSums)
    const [userStrength, itemStrength, nKept] = arrays.timeState
    users.strength = userStrength
    items.strength = itemStrength
    this.#nKept = nKept
  }
}
/** γ ~ Gamma(1 + n/2, 1 + Σ b²/2) */
function drawStrength(bins: Bins, random: RandomStream): void {
  const { biases } = bins
  const squares = biases.reduce((sum, bias) => sum + bias * bias, 0)
  bins.strength = random.gamma(1 + biases.length / 2) / (1 + squares / 2)
}

/** No timestamp, or the 0 that files have in its place: a day of its own for those would tell what they have in common. */
export function isUnknown(time: number): boolean {
  return !(time > 0)
}

/** The bin of a time: the number of edges at or before it. */
export function binAt(edges: Float64Array, time: number): number {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle] <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** Where the days of each user begin, the days, and the place of each entry's day. */
function userDays({ nRows, rowStarts }: Csr, times: Float64Array) {
  const starts = new Int32Array(nRows + 1)
  const days: number[] = []
  const dayOf = new Int32Array(times.length)
  for (let user = 0; user < nRows; user++) {
    const own = Array.from(times.subarray(rowStarts[user], rowStarts[user + 1]), dayAt)
    const distinct = [...new Set(own.filter((day) => !isUnknown(day)))].sort((a, b) => a - b)
    const placeOf = new Map(distinct.map((day, at) => [day, days.length + at]))
    for (const [at, day] of own.entries()) dayOf[rowStarts[user] + at] = placeOf.get(day) ?? -1
    for (const day of distinct) days.push(day)
    starts[user + 1] = days.length
  }
  return { starts, days, dayOf }
}

export function dayAt(time: number): number {
  return Math.floor(time / secondsPerDay)
}

/** The place in `byUser` of each entry of `byItem`; both are in ascending order. */
function entriesByItem(byUser: Csr, byItem: Csr): Int32Array {
  const next = byItem.rowStarts.slice()
  const order = new Int32Array(byUser.columns.length)
  for (let entry = 0; entry < order.length; entry++) order[next[byUser.columns[entry]]++] = entry
  return order
}

/** Between nBins parts with as many ratings each. @throws RECSYS_USAGE without any time */
function edgesOf(times: Float64Array, nBins: number): Float64Array {
  const known = times.filter((time) => !isUnknown(time)).sort()
  if (known.length === 0 && times.length > 0) {
    throw new RecsysError('RECSYS_USAGE', {
      message: '--time needs to know when ratings were given, and no row has a timestamp',
      field: 'time',
    })
  }
  const edges = Array.from(
    { length: nBins - 1 },
    (_, at) => known[Math.floor(((at + 1) * known.length) / nBins)],
  )
  return Float64Array.from(new Set(edges.filter((edge) => edge > known[0])))
}

/** Bytes of a `TimeTerm`; every rating may have a day of its own. */
export function timeBytes(nEntries: number, nUsers: number, nItems: number, nBins: number): number {
  return 28 * nEntries + 4 * nUsers + 4 * nItems * (nBins + 1) + 4096
}
