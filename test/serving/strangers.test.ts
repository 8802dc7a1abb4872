import { describe, expect, test } from 'vitest'
import { ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import type { Fallback } from '../../src/serving/types.ts'
import { fixtureApp } from './fixture-app.ts'
import { fixtureContent, fixtureIdentity } from './fixture-model.ts'

const nItems = 60
/** What is popular is i0 first; what is trending is the last item first. */
const itemTrend = Float32Array.from({ length: nItems }, (_, index) => index / 2)

async function answerTo(
  userId: string,
  strangers: readonly Fallback[],
  hasTimes: boolean,
  events: string[] = [],
) {
  const { app, slot } = await fixtureApp(
    {},
    { strangers, recentItems: () => events.map((itemId) => ({ itemId })) },
  )
  const content = { ...fixtureContent({ nItems }), ...(hasTimes ? { itemTrend } : {}) }
  slot.swap(new ServedModel(shareModel(content, fixtureIdentity(), 1), 1, strangers))
  const { items, known } = (await app.inject(`/recommendations/${userId}?k=3`)).json()
  return {
    known,
    ids: items.map(({ itemId }: { itemId: string }) => itemId),
    sources: [...new Set(items.map(({ source }: { source: string }) => source))],
    scores: items.map(({ score }: { score: number }) => score),
  }
}

describe('somebody the model does not know', () => {
  test('gets what is trending, with what it is worth now', async () => {
    const answer = await answerTo('stranger', ['events', 'trending', 'popular'], true)
    expect(answer).toEqual({
      known: false,
      ids: ['i59', 'i58', 'i57'],
      sources: ['trending'],
      scores: [29.5, 29, 28.5],
    })
  })

  test('gets what is popular where the times are not known, or when it comes first', async () => {
    const withoutTimes = await answerTo('stranger', ['events', 'trending', 'popular'], false)
    expect(withoutTimes).toMatchObject({ ids: ['i0', 'i1', 'i2'], sources: ['popular'] })
    expect(await answerTo('stranger', ['popular', 'trending'], true)).toMatchObject({ sources: ['popular'] })
  })

  test('is judged by their events first, unless that is turned off', async () => {
    const judged = await answerTo('stranger', ['events', 'popular'], true, ['i20'])
    expect(judged).toMatchObject({ known: true, sources: ['events'] })
    expect(judged.ids).not.toContain('i20')
    expect(await answerTo('stranger', ['popular'], true, ['i20'])).toMatchObject({ sources: ['popular'] })
  })

  test('gets nothing when there is nothing to fall back on', async () => {
    expect(await answerTo('stranger', [], true)).toMatchObject({ known: false, ids: [] })
    expect(await answerTo('u3', [], true)).toMatchObject({ known: true, sources: ['model'] })
  })
})
