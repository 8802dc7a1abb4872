import { describe, expect, test } from 'vitest'
import type { ArtifactContent } from '../../src/artifacts/types.ts'
import { smokeTest } from '../../src/serving/ranking/smoke-test.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { type FixtureShape, fixtureContent, fixtureIdentity } from './fixture-model.ts'

const tried = (content: ArtifactContent) => () => smokeTest(shareModel(content, fixtureIdentity(), 1))

describe('the trial of a new model', () => {
  test.each<FixtureShape>([{}, { nUsers: 1 }, { nUsers: 0 }, { nItems: 1 }, { nItems: 9 }])(
    'passes %j',
    (shape) => {
      expect(tried(fixtureContent(shape))).not.toThrow()
    },
  )

  test('refuses a model without items', () => {
    expect(tried(fixtureContent({ nItems: 0 }))).toThrow('no items')
  })

  test.each([
    [Number.NaN, 'user u0 got 0 items, expected 10'],
    [3e38, 'user u0 got a score that is not a finite number'],
  ])('refuses scores that came of %s', (value, problem) => {
    const shared = shareModel(fixtureContent({ offset: 3e38 }), fixtureIdentity(), 1)
    shared.userRows.fill(value)
    expect(() => smokeTest(shared)).toThrow(problem)
  })

  test('refuses tensors that do not fit the ids', () => {
    const content = fixtureContent()
    const userFactors = { ...content.tensors.userFactors, data: new Float32Array(3) }
    expect(tried({ ...content, tensors: { ...content.tensors, userFactors } })).toThrow(/userFactors/)
  })

  test('refuses an id that stands for two users', () => {
    expect(tried(fixtureContent({ userIds: ['a', 'b', 'a'] }))).toThrow('not found under its own id')
  })
})
