import type { ParameterSpecs, ParamsOf } from '../parameters.ts'

export const parameters = {
  reg: {
    kind: 'number',
    description: 'λ, for ease added to the number of users of each item',
    default: 100,
    min: 1e-3,
    max: 1e9,
    integer: false,
    search: { low: 1, high: 5000, log: true },
  },
  neighbours: {
    kind: 'number',
    description: 'weights kept for each item',
    default: 1000,
    min: 1,
    max: 100_000,
    integer: true,
  },
  keep: {
    kind: 'choice',
    description: 'which weights: the largest in absolute value, or the positive ones first, for sparse data',
    default: 'largest',
    options: ['largest', 'positive'],
    search: {},
  },
} as const satisfies ParameterSpecs

export type EaseParams = ParamsOf<typeof parameters>
