import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { algorithms } from '../../../src/models/algorithms.ts'
import { fits } from '../../../src/models/parameters.ts'
import { paramsAt, placeOf, searchSpace, spaceText } from '../../../src/pipeline/tune/space.ts'

const names = (space: ReturnType<typeof searchSpace>) => space.map(({ name }) => name)

describe('the space', () => {
  test('of every algorithm is within its schema, at every place', () => {
    for (const algorithm of Object.values(algorithms)) {
      const space = searchSpace(algorithm, {}, [])
      fc.assert(
        fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (drawn) => {
          const place = space.map((_, at) => drawn[at] ?? 0.5)
          for (const [name, value] of Object.entries(paramsAt(space, place))) {
            expect(fits(value, algorithm.parameters[name]), `${algorithm.name} ${name} ${value}`).toBe(true)
          }
        }),
      )
    }
  })

  test('has only what does something: the step of sgd is searched with sgd alone', () => {
    expect(names(searchSpace(algorithms.svd, {}, []))).toEqual(['factors'])
    expect(names(searchSpace(algorithms.svd, { solver: 'als' }, []))).toEqual(['factors', 'reg'])
    expect(names(searchSpace(algorithms.svd, { solver: 'sgd' }, []))).toEqual([
      'factors',
      'reg',
      'learningRate',
    ])
    expect(names(searchSpace(algorithms.svd, {}, ['solver=gibbs,als']))).toEqual(['factors', 'reg', 'solver'])
  })

  test('leaves out what is given and takes what --space says in place of the schema', () => {
    const space = searchSpace(algorithms.als, { reg: 0.01 }, [
      'unobserved-weight=0.01..0.1:log',
      'factors=16,32',
    ])
    expect(space.map(spaceText)).toEqual(['unobserved-weight=0.01..0.1:log', 'factors=16,32'])
  })

  test('goes evenly in the logarithm with :log, and places are found again', () => {
    const space = searchSpace(algorithms.als, {}, ['reg=0.001..0.1:log', 'factors=10..20', 'solver=exact,cg'])
    const [reg, factors, solver] = ['reg', 'factors', 'solver'].map((name) =>
      space.findIndex((d) => d.name === name),
    )
    const place = space.map(() => 0.5)
    expect(paramsAt(space, place)).toMatchObject({ reg: 0.01, factors: 15, solver: 'cg' })
    expect(placeOf(space[reg], 0.01)).toBeCloseTo(0.5, 6)
    expect(placeOf(space[factors], 12)).toBeCloseTo(0.2, 6)
    expect(placeOf(space[factors], 5)).toBe(0)
    expect(placeOf(space[solver], 'exact')).toBe(0.25)
  })

  test.each([
    [['speed=1..2'], 'one of the parameters of als: factors, epochs, reg'],
    [['reg'], 'one of the parameters of als'],
    [['=1..2'], 'one of the parameters of als'],
    [['reg=2..1'], 'the first below the second, from 0 to 1000000'],
    [['factors=1..9999'], 'from 1 to 2048'],
    [['reg=0..1:log'], 'above 0 for :log'],
    [['factors=3,x'], 'values of --factors, each from 1 to 2048, whole'],
    [['factors=1.5,2'], 'whole'],
    [['factors='], 'values of --factors'],
    [['solver=exact,best'], 'each one of exact, cg, auto'],
    [['solver=exact..cg'], 'each one of exact, cg, auto'],
    [['cg-steps=2'], 'not both'],
  ])('%j is refused with what it may be', (texts, message) => {
    const refused = expect.objectContaining({
      code: 'RECSYS_USAGE',
      message: expect.stringContaining(message),
    })
    expect(() => searchSpace(algorithms.als, { cgSteps: 3 }, texts)).toThrow(refused)
  })
})
