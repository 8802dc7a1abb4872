import { expect, test } from 'vitest'
import { checkBody } from '../../src/loadtest/response-check.ts'
import type { TaskRequest } from '../../src/loadtest/types.ts'
import { recommendation } from './recommendation-server.ts'

const request: TaskRequest = { task: 'filtered', path: '/recommendations/1', k: 2, excluded: ['x'] }

function judge(body: unknown): unknown {
  return checkBody(request, typeof body === 'string' ? body : JSON.stringify(body))
}

test('an answer of at most k items from one model is accepted and named by its version', () => {
  expect(judge(recommendation(3))).toEqual({ model: 'recommender v3' })
  expect(judge(recommendation(3, []))).toEqual({ model: 'recommender v3' })
  expect(judge({ ...recommendation(3), model: { name: 'popular', version: null } })).toEqual({
    model: 'popular',
  })
})

test.each([
  ['no JSON', '<html>', /JSON object, got "<html>"/],
  ['a list', '[]', /JSON object/],
  ['no items', { model: { name: 'm' } }, /items to be a list/],
  ['too many items', recommendation(3, ['a', 'b', 'c']), /2 items at most, got 3/],
  ['an excluded item', recommendation(3, ['x']), /excluded item "x"/],
  ['no model', { items: [] }, /names no model/],
  ['an item without id', { ...recommendation(3), items: [{}] }, /itemId/],
  [
    'items of two models',
    { ...recommendation(3), items: [{ itemId: 'a', model: { name: 'recommender', version: 4 } }] },
    /items of recommender v3 and of recommender v4/,
  ],
])('%s is an invalid response', (_, body, wrong) => {
  expect(judge(body)).toEqual({ wrong: expect.stringMatching(wrong) })
})

test('health needs a JSON object only, and long bodies are quoted in part', () => {
  const health: TaskRequest = { task: 'health', path: '/health', k: 0, excluded: [] }
  expect(checkBody(health, '{}')).toEqual({ model: undefined })
  const verdict = checkBody(health, 'x'.repeat(10_000))
  expect(JSON.stringify(verdict).length).toBeLessThan(150)
})
