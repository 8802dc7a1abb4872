import { expect, test } from 'vitest'
import { type DatasetColumns, datasetFrom } from '../../src/dataset/dataset.ts'
import { historyColumns } from '../../src/pipeline/history-columns.ts'
import { itemColumns } from '../../src/pipeline/item-columns.ts'

const columns: DatasetColumns = {
  lakeVersion: 0,
  userIds: ['a', 'b', 'c'],
  itemIds: ['x', 'y'],
  userIndex: Int32Array.of(0, 0, 2),
  itemIndex: Int32Array.of(0, 1, 1),
  rating: Float32Array.of(4, 2, 5),
  timestamp: new Float64Array(3).fill(Number.NaN),
}
const unrated = new Float32Array(3).fill(Number.NaN)

test('histories hold every row; ratings and weights stand beside them where they say something', () => {
  const starts = { historyStarts: Int32Array.of(0, 2, 2, 3), historyItems: Int32Array.of(0, 1, 1) }
  expect(historyColumns(datasetFrom(columns))).toEqual({ ...starts, historyRatings: columns.rating })
  expect(historyColumns(datasetFrom({ ...columns, rating: unrated }))).toEqual(starts)
  const weight = Float32Array.of(1, 0, 3)
  const weighted = historyColumns(datasetFrom({ ...columns, rating: unrated, weight }))
  expect(weighted).toEqual({ ...starts, historyWeights: weight })
})

test('what users disliked makes no item popular', () => {
  const dataset = datasetFrom({ ...columns, weight: Float32Array.of(1, 0, 3) })
  const { itemInteractions } = itemColumns(dataset, [], new Uint8Array(3).fill(1))
  expect([...itemInteractions]).toEqual([1, 1])
})
