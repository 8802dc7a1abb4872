import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { valueAddress } from '../shared/scoring-memory.ts'
import type { SharedModel } from '../shared/shared-model.ts'

/** Users that stand for all of them. */
const maxSampled = 20_000
/** What everybody else weighs beside the audience, and the ridge in units of the mean variance of a factor. */
const restWeight = 1
const ridge = 10

/**
 * Rows for items that came after the training, from who has touched them (fold-in): the row y whose scores ⟨p, y⟩ are for the
 * audience what items that they have touched score for them on average, and for everybody else what any item scores. Weighted
 * ridge regression, the item side of the fold-in of Hu, Koren and Volinsky (2008); nothing is trained anew.
 */
export class AudienceFold {
  readonly #shared: SharedModel
  readonly #gram: Matrix
  readonly #meanUser: Float64Array
  readonly #meanScore: number
  readonly #scale: number
  readonly #itemValues: Float32Array

  /** @param shared  of a model that ranks by factors */
  constructor(shared: SharedModel) {
    const { width, memory, itemRows } = shared.scoring
    this.#shared = shared
    this.#itemValues = new Float32Array(memory.buffer, itemRows)
    const users = spread(shared.users.size, maxSampled)
    this.#gram = Matrix.zeros(width, width)
    this.#meanUser = new Float64Array(width)
    for (const user of users) {
      const row = this.#userRow(user)
      addOuter(this.#gram, row, 1 / users.length)
      row.forEach((value, f) => {
        this.#meanUser[f]! += value / users.length
      })
    }
    this.#scale = this.#gram.trace() / Math.max(1, width)
    this.#meanScore = meanOver(spread(shared.items.size, 2000), (item) => this.#score(this.#meanUser, item))
  }

  /** @param audience  indices of users, each with its weight, at least one */
  fold(audience: ReadonlyMap<number, number>): Float32Array {
    const { width } = this.#shared.scoring
    const total = [...audience.values()].reduce((sum, weight) => sum + weight, 0)
    const rest = restWeight * total
    const normal = Matrix.mul(this.#gram, rest)
    for (let f = 0; f < width; f++) normal.set(f, f, normal.get(f, f) + ridge * this.#scale + 1e-9)
    const wanted = Float64Array.from(this.#meanUser, (value) => rest * this.#meanScore * value)
    for (const [user, weight] of audience) {
      const row = this.#userRow(user)
      addOuter(normal, row, weight)
      const target = weight * this.#usualScore(user, row)
      row.forEach((value, f) => {
        wanted[f]! += target * value
      })
    }
    const solution = new CholeskyDecomposition(normal).solve(Matrix.columnVector([...wanted]))
    return Float32Array.from(solution.to1DArray())
  }

  #userRow(user: number): Float32Array {
    const { width } = this.#shared.scoring
    return this.#shared.userRows.subarray(user * width, (user + 1) * width)
  }

  /** What an item of the user's history scores for the user. */
  #usualScore(user: number, row: Float32Array): number {
    const { historyStarts, historyItems } = this.#shared
    const history = historyItems.subarray(historyStarts[user], historyStarts[user + 1])
    return history.length === 0 ? this.#meanScore : meanOver(history, (item) => this.#score(row, item))
  }

  #score(row: Float32Array | Float64Array, item: number): number {
    const { width, blocks } = this.#shared.scoring
    const at = valueAddress(width, blocks.positions[item]!)
    let sum = 0
    for (let f = 0; f < width; f++) sum += row[f]! * this.#itemValues[at + f * 16]!
    return sum
  }
}

/** Some of the numbers below `size`, evenly spread. */
function spread(size: number, most: number): number[] {
  const step = Math.max(1, size / most)
  return Array.from({ length: Math.min(size, most) }, (_, i) => Math.floor(i * step))
}

function meanOver(indices: ArrayLike<number>, of: (index: number) => number): number {
  let sum = 0
  for (let i = 0; i < indices.length; i++) sum += of(indices[i]!)
  return indices.length === 0 ? 0 : sum / indices.length
}

function addOuter(matrix: Matrix, row: Float32Array, weight: number): void {
  for (let i = 0; i < row.length; i++) {
    for (let j = 0; j < row.length; j++) matrix.set(i, j, matrix.get(i, j) + weight * (row[i]! * row[j]!))
  }
}
