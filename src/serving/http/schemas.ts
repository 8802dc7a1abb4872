import { maxExpressionLength } from '../filter/expression.ts'
import { maxDepth } from '../ranking/served-model.ts'
import { maxIdLength } from '../shared/id-table.ts'

/**
 * What the API accepts and answers, as JSON schemas: they check every request and make /openapi.json. Responses are
 * described, not serialised, with them: a recommendation is concatenated from text that was rendered when the model
 * was loaded.
 */
export const id = { type: 'string', minLength: 1, maxLength: maxIdLength } as const
const k = {
  type: 'integer',
  minimum: 1,
  maximum: maxDepth,
  default: 10,
  description: 'How many items.',
} as const
const excludeSeen = {
  type: 'boolean',
  default: true,
  description: 'Leave out what the user has interacted with.',
} as const

/** What GET and POST ask for in the same words. */
const rankingOptions = {
  k,
  offset: {
    type: 'integer',
    minimum: 0,
    maximum: maxDepth - 1,
    default: 0,
    description: `Places to skip: pages of one model version neither overlap nor leave anything out. With k at most ${maxDepth}.`,
  },
  excludeSeen,
  minScore: {
    type: 'number',
    description: 'Only items whose score is at least this; popular items are not judged by it.',
  },
  where: {
    type: 'string',
    minLength: 1,
    maxLength: maxExpressionLength,
    description:
      'Only items for which it is true: `price < 20 and (genre = "comedy" or brand in ("A", "B"))`. Fields are those of the items file, category, interactions and itemId; there are = != < <= > >= in, not in, contains, exists, and, or, not.',
  },
  diversity: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    description:
      'From 0, the order of the scores, to 1, as unlike each other as can be (maximal marginal relevance).',
  },
  explain: {
    type: 'boolean',
    default: false,
    description: 'Tell for each item which items of the history caused it, and by how much.',
  },
} as const

export const maxCategories = 50
export const maxExcluded = 1000
export const maxAllowed = 1000
export const maxBatch = 100
const maxHistory = 1000

const listParameter = { type: 'array', items: { type: 'string', minLength: 1 } } as const

export const recommendationParams = {
  type: 'object',
  properties: {
    userId: {
      ...id,
      description: 'Somebody the model does not know is judged by the events since, or gets popular items.',
    },
  },
  required: ['userId'],
} as const

export const recommendationQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...rankingOptions,
    category: {
      ...listParameter,
      description: 'Only items of any of these categories; repeated or comma separated.',
    },
    exclude: { ...listParameter, description: 'Item ids to leave out; repeated or comma separated.' },
    allow: { ...listParameter, description: 'Only these item ids; repeated or comma separated.' },
  },
} as const

const bodyFilters = {
  categories: {
    type: 'array',
    maxItems: maxCategories,
    items: id,
    description: 'Only items of any of these.',
  },
  exclude: { type: 'array', maxItems: maxExcluded, items: id, description: 'Item ids to leave out.' },
  allow: { type: 'array', maxItems: maxAllowed, items: id, description: 'Only these item ids.' },
} as const

export const recommendationBody = {
  type: 'object',
  additionalProperties: false,
  description: 'Either userId or history.',
  properties: {
    userId: {
      ...id,
      description: 'Somebody the model does not know is judged by the events since, or gets popular items.',
    },
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
    ...rankingOptions,
    ...bodyFilters,
  },
} as const

export const batchBody = {
  type: 'object',
  additionalProperties: false,
  required: ['userIds'],
  properties: {
    userIds: { type: 'array', minItems: 1, maxItems: maxBatch, items: id, description: 'For whom.' },
    ...rankingOptions,
    k: { ...k, maximum: 100 },
    ...bodyFilters,
  },
} as const

const reason = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  default: 'asked for',
  description: 'For the audit trail.',
} as const

export const reasonBody = { type: 'object', additionalProperties: false, properties: { reason } } as const

export const trialBody = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'mode', 'share'],
  properties: {
    version: { type: 'integer', minimum: 1, maximum: 999_999_999 },
    mode: {
      type: 'string',
      enum: ['canary', 'shadow'],
      description:
        'canary: some users get its answers; shadow: it is asked too, and nobody sees what it says.',
    },
    share: {
      type: 'number',
      minimum: 0.0001,
      maximum: 1,
      description: 'Of the users (canary) or requests (shadow).',
    },
    reason,
  },
} as const

export const userParams = { type: 'object', properties: { userId: id }, required: ['userId'] } as const

export const pageQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    k: { ...k, default: 100 },
    offset: { type: 'integer', minimum: 0, default: 0, description: 'Items to skip.' },
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

const itemFacts = {
  itemId: { type: 'string' },
  title: nullable('string'),
  categories: strings,
} as const

const rankedItem = {
  type: 'object',
  required: ['itemId', 'title', 'categories', 'score', 'source'],
  properties: {
    ...itemFacts,
    score: {
      type: 'number',
      description:
        'Orders the items; of a popular item its number of interactions, of a trending one with each halved for every 30 days of age.',
    },
    source: { type: 'string', enum: ['model', 'events', 'trending', 'popular'] },
    reasons: {
      type: 'array',
      description: 'With `explain`: items of the history by what they add to the score, most first.',
      items: {
        type: 'object',
        required: ['itemId', 'title', 'categories', 'weight'],
        properties: { ...itemFacts, weight: { type: 'number' } },
      },
    },
  },
} as const

const items = { type: 'array', items: rankedItem, description: 'Best first.' } as const

export const recommendationResponse = {
  description: 'Recommendations.',
  type: 'object',
  required: ['recommendationId', 'userId', 'known', 'model', 'items'],
  properties: {
    recommendationId: { type: 'string', description: 'For events to name: see POST /events.' },
    userId: nullable('string'),
    known: { type: 'boolean', description: 'False when the model knows nothing about the user.' },
    model,
    items,
    unknownCategories: { ...strings, description: 'Categories asked for that no item has.' },
    unknownItems: { ...strings, description: 'Items of the history that the model does not know.' },
  },
} as const

export const batchResponse = {
  description: 'One answer for each user, in the order of the request, all from one model version.',
  type: 'object',
  required: ['results'],
  properties: { results: { type: 'array', items: recommendationResponse } },
} as const

const catalogueItem = {
  type: 'object',
  required: ['itemId', 'title', 'categories', 'interactions'],
  properties: {
    ...itemFacts,
    interactions: { type: 'integer', description: 'In the rows that the model was trained on.' },
  },
} as const

export const itemResponse = {
  description: 'What the model knows of the item.',
  type: 'object',
  required: ['item', 'model'],
  properties: {
    model,
    item: {
      ...catalogueItem,
      properties: {
        ...catalogueItem.properties,
        attributes: {
          type: 'object',
          description:
            'What else the items file says, each as a text or a list of texts: what `where` can ask for.',
          additionalProperties: true,
        },
      },
    },
  },
} as const

export const historyResponse = {
  description: 'What the user had touched when the model was trained, by popularity of the items.',
  type: 'object',
  required: ['userId', 'model', 'total', 'items'],
  properties: {
    userId: { type: 'string' },
    model,
    total: { type: 'integer' },
    items: { type: 'array', items: catalogueItem },
  },
} as const

export const similarUsersResponse = {
  description: 'The users with the nearest taste, nearest first.',
  type: 'object',
  required: ['userId', 'model', 'users'],
  properties: {
    userId: { type: 'string' },
    model,
    users: {
      type: 'array',
      items: {
        type: 'object',
        required: ['userId', 'similarity'],
        properties: { userId: { type: 'string' }, similarity: { type: 'number' } },
      },
    },
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
