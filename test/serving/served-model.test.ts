import { describe, expect, test } from 'vitest'
import { plainQuery, type RankingQuery, ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity, touchedItems } from './fixture-model.ts'

const nItems = 60
const content = fixtureContent({ nUsers: 40, nItems })
const model = new ServedModel(shareModel(content, fixtureIdentity(), 1), 1)

function query(given: Partial<RankingQuery> = {}): RankingQuery {
  return { ...plainQuery, ...given }
}

function indices({ best }: { best: { indices: Int32Array; count: number } }): number[] {
  return [...best.indices.subarray(0, best.count)]
}

/** Every item's score for a user, straight from the formula: bias plus inner product. */
function trueScores(userIndex: number): number[] {
  const { userFactors, itemFactors, itemBias } = content.tensors
  const width = userFactors.width
  return Array.from({ length: nItems }, (_, item) => {
    let sum = itemBias.data[item]
    for (let f = 0; f < width; f++) {
      sum += userFactors.data[userIndex * width + f] * itemFactors.data[item * width + f]
    }
    return sum
  })
}

function trueOrder(userIndex: number, eligible: (item: number) => boolean): number[] {
  const scores = trueScores(userIndex)
  const items = Array.from({ length: nItems }, (_, item) => item).filter(eligible)
  return items.sort((a, b) => scores[b] - scores[a])
}

describe('ranking for a user', () => {
  test('is the order of all scores without what the user has seen', () => {
    const seen = touchedItems(3, nItems)
    const ranking = model.rankForUser('u3', query())
    expect(indices(ranking)).toEqual(trueOrder(3, (item) => !seen.includes(item)).slice(0, 10))
    expect(ranking).toMatchObject({ source: 'model', known: true })
  })

  test('keeps what was seen when asked to', () => {
    const ranking = model.rankForUser('u3', query({ excludeSeen: false, k: nItems }))
    expect(indices(ranking)).toEqual(trueOrder(3, () => true))
  })

  test('fills k from the eligible items, however few they are', () => {
    const seen = touchedItems(5, nItems)
    const eligible = (item: number) => item % 5 === 0 && !seen.includes(item) && item !== 20
    const ranking = model.rankForUser('u5', query({ categories: ['Sci-Fi, Fantasy'], exclude: ['i20'] }))
    expect(indices(ranking)).toEqual(trueOrder(5, eligible).slice(0, 10))
    expect(indices(model.rankForUser('u5', query({ categories: ['nothing'] })))).toEqual([])
  })

  test('takes items of any of the categories and tells which of them it does not know', () => {
    const ranking = model.rankForUser('u0', query({ categories: ['odd', 'Western'], k: 100 }))
    expect(indices(ranking).every((item) => item % 2 === 1)).toBe(true)
    expect(ranking.unknownCategories).toEqual(['Western'])
  })

  test('is a list of popular items for somebody it does not know, scored by their interactions', () => {
    const ranking = model.rankForUser(
      'nobody',
      query({ exclude: ['i0', 'ghost'], categories: ['even'], k: 3 }),
    )
    expect(indices(ranking)).toEqual([2, 4, 6])
    expect([...ranking.best.scores.subarray(0, 3)]).toEqual([580, 560, 540])
    expect(ranking).toMatchObject({ source: 'popular', known: false })
  })
})

describe('ranking for a history', () => {
  test('leaves the history out and differs with it', () => {
    const liked = indices(model.rankForHistory([{ itemId: 'i1' }, { itemId: 'i2', rating: 5 }], query()))
    const other = indices(model.rankForHistory([{ itemId: 'i30', rating: 1 }], query()))
    expect(liked).toHaveLength(10)
    expect(liked).not.toContain(1)
    expect(liked).not.toContain(2)
    expect(other).not.toEqual(liked)
  })

  test('takes the last rating of an item that occurs twice', () => {
    const twice = [
      { itemId: 'i1', rating: 1 },
      { itemId: 'i1', rating: 4 },
    ]
    const scores = (history: typeof twice) => [
      ...model.rankForHistory(history, query()).best.scores.slice(0, 10),
    ]
    expect(scores(twice)).toEqual(scores(twice.slice(1)))
  })

  test('tells the items it does not know, and falls back to popular ones when it knows none', () => {
    const some = model.rankForHistory([{ itemId: 'i1' }, { itemId: 'ghost' }], query())
    expect(some).toMatchObject({ known: true, source: 'model', unknownItems: ['ghost'] })
    const none = model.rankForHistory([{ itemId: 'ghost' }], query())
    expect(none).toMatchObject({ known: false, source: 'popular', unknownItems: ['ghost'] })
    expect(indices(none)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

test('similar items never hold the item itself', () => {
  for (let item = 0; item < nItems; item++) {
    const similar = indices(model.rankSimilar(item, 100))
    expect(similar).toHaveLength(nItems - 1)
    expect(similar).not.toContain(item)
  }
})

test('an item of a response is rendered with id, title and categories', () => {
  expect(`${model.itemText(1)}0}`).toBe(
    '{"itemId":"i1","title":"Title \\"i1\\"","categories":["odd"],"score":0}',
  )
  expect(JSON.parse(`${model.itemText(0)}0}`)).toEqual({
    itemId: 'i0',
    title: null,
    categories: ['even', 'Sci-Fi, Fantasy'],
    score: 0,
  })
})
