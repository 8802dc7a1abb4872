import type { ParameterSpecs, ParamsOf } from '../parameters.ts'

export const parameters = {
  neighbours: {
    kind: 'number',
    description: 'items that speak for an item, the strongest ones',
    default: 1000,
    min: 1,
    max: 100_000,
    integer: true,
    search: { low: 20, high: 2000, log: true },
  },
  similarity: {
    kind: 'choice',
    description: 'of two items, by the users that have both',
    default: 'cosine',
    options: ['cosine', 'tfidf', 'bm25'],
    search: {},
  },
  asymmetry: {
    kind: 'number',
    description:
      'exponent of the norm of the item that is recommended, one less that of its neighbour: 0.5 is the plain cosine, less lets popular items come first',
    default: 0.35,
    min: 0,
    max: 1,
    integer: false,
    search: { low: 0, high: 1 },
  },
  activityExponent: {
    kind: 'number',
    description: 'cosine: a user with n items counts as n to the power of minus this',
    default: 0.5,
    min: 0,
    max: 2,
    integer: false,
  },
  shrinkage: {
    kind: 'number',
    description: 'added to the product of the norms: pairs with few users in common count less',
    default: 0.5,
    min: 0,
    max: 1e6,
    integer: false,
    search: { low: 0.01, high: 1000, log: true },
  },
  k1: { kind: 'number', description: 'k1 of bm25', default: 1.2, min: 0, max: 1e4, integer: false },
  b: { kind: 'number', description: 'b of bm25', default: 0.75, min: 0, max: 1, integer: false },
} as const satisfies ParameterSpecs

export type ItemKnnParams = ParamsOf<typeof parameters>
