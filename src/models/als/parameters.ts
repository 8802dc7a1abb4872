import type { ParameterSpecs, ParamsOf } from '../parameters.ts'

export const parameters = {
  factors: { kind: 'number', description: 'latent factors', default: 128, min: 1, max: 2048, integer: true },
  epochs: {
    kind: 'number',
    description: 'passes over users and items',
    default: 16,
    min: 1,
    max: 1000,
    integer: true,
  },
  reg: {
    kind: 'number',
    description:
      'λ, for als times (ratings of the row + unobserved weight × rows of the other side)^exponent',
    default: 0.005,
    min: 0,
    max: 1e6,
    integer: false,
    search: { low: 1e-4, high: 0.1, log: true },
  },
  regExponent: {
    kind: 'number',
    description: 'ν: 1 scales λ with the frequency of user and item, 0 leaves it plain',
    default: 1,
    min: 0,
    max: 1,
    integer: false,
  },
  unobservedWeight: {
    kind: 'number',
    description:
      'α₀, weight of every pair beside 1 for an observed one; 0: by the data, 15 times the share of pairs that are observed',
    default: 0,
    min: 0,
    max: 1e3,
    integer: false,
    search: { low: 1e-3, high: 3, log: true },
  },
  confidence: {
    kind: 'choice',
    description:
      'weight of an observed pair: 1, or by its value v: 1 + scale × v/mean, or 1 + scale × ln(1 + v/mean)',
    default: 'none',
    options: ['none', 'linear', 'log'],
  },
  confidenceScale: {
    kind: 'number',
    description: 'scale of --confidence linear and log',
    default: 1,
    min: 0,
    max: 1e6,
    integer: false,
  },
  halfLife: {
    kind: 'number',
    description: 'days after which an interaction counts half, 0: all count alike',
    default: 0,
    min: 0,
    max: 1e5,
    integer: false,
  },
  solver: {
    kind: 'choice',
    description:
      'als: exact solves (primal or dual, row by row whichever is cheaper), conjugate gradients, or auto: of the three the cheapest for each row',
    default: 'exact',
    options: ['exact', 'cg', 'auto'],
  },
  cgSteps: {
    kind: 'number',
    description: 'steps of conjugate gradients a row and epoch',
    default: 2,
    min: 1,
    max: 100,
    integer: true,
  },
} as const satisfies ParameterSpecs

export type AlsParams = ParamsOf<typeof parameters>
