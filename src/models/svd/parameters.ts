import type { ParameterSpecs, ParamsOf } from '../parameters.ts'

export const parameters = {
  solver: {
    kind: 'choice',
    description:
      'svd: gibbs samples from the posterior and averages (the most accurate), als and sgd find one optimum; als of implicit feedback: exact (primal or dual, row by row whichever is cheaper), cg, or auto for the cheapest of the three',
    default: 'gibbs',
    before: 'als',
    options: ['gibbs', 'als', 'sgd'],
  },
  factors: {
    kind: 'number',
    description: 'latent factors',
    default: 24,
    defaultBy: { solver: { als: 50, sgd: 100 } },
    search: { low: 4, high: 100, log: true },
    min: 1,
    max: 1024,
    integer: true,
  },
  epochs: {
    kind: 'number',
    description: 'passes over users and items; with gibbs the draws, burn-in included',
    default: 120,
    defaultBy: { solver: { als: 15, sgd: 30 } },
    min: 1,
    max: 10_000,
    integer: true,
  },
  burnIn: {
    kind: 'number',
    description: 'first draws of gibbs that do not count',
    default: 30,
    before: 0,
    min: 0,
    max: 10_000,
    integer: true,
  },
  samples: {
    kind: 'number',
    description: 'draws of gibbs that are kept, evenly thinned: the model has so many times the factors',
    default: 24,
    before: 1,
    min: 1,
    max: 1000,
    integer: true,
  },
  implicit: {
    kind: 'switch',
    description:
      'gibbs: who has rated what counts as well, whatever the rating (the term of SVD++, of users and of items)',
    default: false,
    before: false,
  },
  time: {
    kind: 'switch',
    description:
      'gibbs: biases of a user for a day and of an item for a time; rows held out at random lie between those of the same day, so that their error is too good: use a temporal split',
    default: false,
    before: false,
  },
  timeBins: {
    kind: 'number',
    description: 'with --time: parts into which the time of all ratings is cut for the items',
    default: 30,
    before: 30,
    min: 1,
    max: 1000,
    integer: true,
  },
  reg: {
    kind: 'number',
    description: 'λ, times the number of ratings of a row, for a scale of 1 to 5 (gibbs finds its own)',
    default: 0.06,
    defaultBy: { solver: { sgd: 0.1 } },
    search: { low: 0.005, high: 0.5, log: true, when: { solver: ['als', 'sgd'] } },
    min: 0,
    max: 10,
    integer: false,
  },
  learningRate: {
    kind: 'number',
    description: 'step of sgd in the first epoch, for a scale of 1 to 5',
    default: 0.04,
    before: 0,
    min: 0,
    max: 10,
    integer: false,
    search: { low: 0.004, high: 0.2, log: true, when: { solver: ['sgd'] } },
  },
  rateDecay: {
    kind: 'number',
    description: 'by what the step is multiplied from epoch to epoch',
    default: 0.92,
    before: 1,
    min: 0.01,
    max: 1,
    integer: false,
  },
} as const satisfies ParameterSpecs

export type SvdParams = ParamsOf<typeof parameters>
