/** The same order of items for everybody, as factors of an inner product (row-major, `width` floats a row). */
export interface OneOrder {
  readonly width: number
  readonly userRows: Float32Array
  readonly itemRows: Float32Array
}

export function oneOrder(nUsers: number, itemScore: Float32Array): OneOrder {
  const width = 4
  const userRows = new Float32Array(nUsers * width)
  const itemRows = new Float32Array(itemScore.length * width)
  for (let user = 0; user < nUsers; user++) userRows[user * width] = 1
  for (let item = 0; item < itemScore.length; item++) itemRows[item * width] = itemScore[item]
  return { width, userRows, itemRows }
}
