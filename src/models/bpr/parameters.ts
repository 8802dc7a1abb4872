import type { ParameterSpecs, ParamsOf } from '../parameters.ts'

export const parameters = {
  factors: { kind: 'number', description: 'latent factors', default: 96, min: 1, max: 1024, integer: true },
  epochs: {
    kind: 'number',
    description: 'passes over users and items',
    default: 100,
    min: 1,
    max: 10_000,
    integer: true,
  },
  learningRate: {
    kind: 'number',
    description: 'step of the first epoch',
    default: 0.1,
    min: 0,
    max: 10,
    integer: false,
    search: { low: 0.01, high: 0.3, log: true },
  },
  rateDecay: {
    kind: 'number',
    description: 'by what the step is multiplied from epoch to epoch',
    default: 0.99,
    min: 0.01,
    max: 1,
    integer: false,
  },
  reg: {
    kind: 'number',
    description: 'λ, for bpr a draw',
    default: 0.003,
    min: 0,
    max: 10,
    integer: false,
    search: { low: 1e-4, high: 0.1, log: true },
  },
  negatives: {
    kind: 'choice',
    description:
      'items that a chosen one is compared with: uniform, or popular ones as often as they were chosen',
    default: 'uniform',
    options: ['uniform', 'popular'],
  },
  candidates: {
    kind: 'number',
    description:
      'items drawn for each comparison, of which the one that the model ranks first is taken; more suit a large catalogue, with a greater λ',
    default: 1,
    before: 1,
    min: 1,
    max: 1000,
    integer: true,
  },
} as const satisfies ParameterSpecs

export type BprParams = ParamsOf<typeof parameters>
