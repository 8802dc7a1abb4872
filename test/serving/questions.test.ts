import { expect, test } from 'vitest'
import type { FromRequestThread } from '../../src/serving/messages.ts'
import { Questions } from '../../src/serving/threads/questions.ts'

test('a question that is open already is not asked again, and everybody gets the one answer', async () => {
  const said: FromRequestThread[] = []
  const questions = new Questions((message) => said.push(message))
  const asked = [
    questions.ask('scrape'),
    questions.ask('scrape'),
    questions.ask('reload'),
    questions.ask('scrape'),
  ]
  expect(said).toEqual([
    { type: 'ask', id: 1, question: 'scrape' },
    { type: 'ask', id: 2, question: 'reload' },
  ])
  const outcome = { outcome: 'unchanged', model: null } as const
  questions.answered(2, outcome)
  questions.answered(1, 'figures')
  questions.answered(1, 'again')
  expect(await Promise.all(asked)).toEqual(['figures', 'figures', outcome, 'figures'])
  void questions.ask('scrape')
  expect(said.at(-1)).toEqual({ type: 'ask', id: 3, question: 'scrape' })
})
