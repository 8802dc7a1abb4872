import { maxK } from '../ranking/served-model.ts'
import { maxIdLength } from '../shared/id-table.ts'

/**
 * What the API accepts and answers, as JSON schemas: they check every request and make /openapi.json. Responses are
 * described, not serialised, with them: a recommendation is concatenated from text that was rendered when the model
 * was loaded.
 */
const id = { type: 'string', minLength: 1, maxLength: maxIdLength } as const
const k = { type: 'integer', minimum: 1, maximum: maxK, default: 10, description: 'How many items.' } as const
const excludeSeen = {
  type: 'boolean',
  default: true,
  description: 'Leave out what the user has interacted with.',
} as const

export const maxCategories = 50
export const maxExcluded = 1000
const maxHistory = 1000

const listParameter = { type: 'array', items: { type: 'string', minLength: 1 } } as const

export const recommendationParams = {
  type: 'object',
  properties: { userId: { ...id, description: 'An unknown user gets popular items.' } },
  required: ['userId'],
} as const

export const recommendationQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    k,
    excludeSeen,
    category: {
      ...listParameter,
      description: 'Only items of any of these categories; repeated or comma separated.',
    },
    exclude: { ...listParameter, description: 'Item ids to leave out; repeated or comma separated.' },
  },
} as const

export const recommendationBody = {
  type: 'object',
  additionalProperties: false,
  description: 'Either userId or history.',
  properties: {
    userId: { ...id, description: 'An unknown user gets popular items.' },
    history: {
      type: 'array',
      minItems: 1,
      maxItems: maxHistory,
      description: 'What somebody who is not in the model has interacted with.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['itemId'],
        properties: {
          itemId: id,
          rating: { type: 'number', description: 'In the range of the ratings; left out, the highest.' },
        },
      },
    },
    k,
    excludeSeen,
    categories: {
      type: 'array',
      maxItems: maxCategories,
      items: id,
      description: 'Only items of any of these.',
    },
    exclude: { type: 'array', maxItems: maxExcluded, items: id, description: 'Item ids to leave out.' },
  },
} as const

export const similarParams = {
  type: 'object',
  properties: { itemId: id },
  required: ['itemId'],
} as const

export const similarQuery = { type: 'object', additionalProperties: false, properties: { k } } as const

const nullable = (type: 'string' | 'integer') => ({ type, nullable: true })
const strings = { type: 'array', items: { type: 'string' } } as const

const model = {
  type: 'object',
  description: 'The one model version that the response was computed from.',
  required: ['name', 'version', 'runId'],
  properties: { name: { type: 'string' }, version: nullable('integer'), runId: nullable('string') },
} as const

const rankedItem = {
  type: 'object',
  required: ['itemId', 'title', 'categories', 'score', 'source'],
  properties: {
    itemId: { type: 'string' },
    title: nullable('string'),
    categories: strings,
    score: {
      type: 'number',
      description: 'Orders the items; of a popular item its number of interactions.',
    },
    source: { type: 'string', enum: ['model', 'popular'] },
  },
} as const

const items = { type: 'array', items: rankedItem, description: 'Best first.' } as const

export const recommendationResponse = {
  description: 'Recommendations.',
  type: 'object',
  required: ['userId', 'known', 'model', 'items'],
  properties: {
    userId: nullable('string'),
    known: { type: 'boolean', description: 'False when the model knows nothing about the user.' },
    model,
    items,
    unknownCategories: { ...strings, description: 'Categories asked for that no item has.' },
    unknownItems: { ...strings, description: 'Items of the history that the model does not know.' },
  },
} as const

export const similarResponse = {
  description: 'The nearest items.',
  type: 'object',
  required: ['itemId', 'model', 'items'],
  properties: { itemId: { type: 'string' }, model, items },
} as const

export const errorResponse = {
  description: 'What was wrong, and with which field.',
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'remedy'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        remedy: { type: 'string' },
        field: { type: 'string' },
      },
    },
  },
} as const

export const openObject = (description: string) => ({
  type: 'object',
  description,
  additionalProperties: true,
})
