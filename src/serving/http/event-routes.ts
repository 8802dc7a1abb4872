import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RecsysError } from '../../errors.ts'
import {
  type EventType,
  eventTypes,
  type FeedbackEvent,
  keyedIdPrefix,
} from '../../registry/event-journal.ts'
import type { AppContext } from './app-context.ts'
import { recommendationIdPattern, versionOf } from './recommendation-id.ts'
import { errorResponse, id } from './schemas.ts'
import { invalid } from './violations.ts'

interface EventBody {
  readonly id?: string
  readonly userId: string
  readonly itemId: string
  readonly type: EventType
  readonly value?: number
  readonly weight?: number
  readonly timestamp?: number
  readonly sessionId?: string
  readonly recommendationId?: string
}

/** What an event says about a taste beside the others, where it does not bring a weight of its own. */
const defaultWeights: Readonly<Record<EventType, number>> = { view: 1, click: 2, rating: 3, purchase: 5 }

const maxEvents = 1000
/** 2100-01-01 */
const latestTimestamp = 4_102_444_800

const event = {
  type: 'object',
  additionalProperties: false,
  required: ['userId', 'itemId', 'type'],
  properties: {
    id: { ...id, description: 'Of events with the same id one counts, within seven days.' },
    userId: id,
    itemId: id,
    type: { type: 'string', enum: eventTypes },
    value: { type: 'number', description: 'The rating; needed for a rating, and only there.' },
    weight: {
      type: 'number',
      minimum: 0,
      maximum: 1000,
      description: `What it says about the taste; left out: ${JSON.stringify(defaultWeights)}.`,
    },
    timestamp: {
      type: 'integer',
      minimum: 0,
      maximum: latestTimestamp,
      description: 'Unix seconds; left out: now.',
    },
    sessionId: id,
    recommendationId: {
      type: 'string',
      pattern: recommendationIdPattern,
      description:
        'Of the recommendation that it answers: counts for the click-through of its model version.',
    },
  },
} as const

const body = {
  type: 'object',
  description:
    'One event, an array of them, or `{"events": […]}`; as application/x-ndjson one event a line. All are stored or none.',
  additionalProperties: false,
  required: ['events'],
  properties: { events: { type: 'array', minItems: 1, maxItems: maxEvents, items: event } },
} as const

const stored = {
  type: 'object',
  description: 'The events are on the disk.',
  required: ['accepted', 'duplicates'],
  properties: {
    accepted: { type: 'integer' },
    duplicates: { type: 'integer', description: 'Events whose id was known already.' },
  },
} as const

/** A scope of its own: no other route takes NDJSON. */
export async function registerEvents(app: FastifyInstance, context: AppContext): Promise<void> {
  await app.register(async (scope) => {
    acceptNdjson(scope)
    scope.post<{ Body: { events: EventBody[] } }>(
      '/events',
      {
        config: { scope: 'events' },
        schema: {
          operationId: 'events',
          summary: 'what users did: durable when it is acknowledged',
          description:
            'With the header `Idempotency-Key` a request that is sent again counts once, also where its events have no ids; with other events it is refused.',
          tags: ['feedback'],
          body,
          response: { 202: stored, 400: errorResponse, 422: errorResponse, 503: errorResponse },
        },
        preValidation: (request, _, done) => {
          request.body = enveloped(request.body) as { events: EventBody[] }
          done()
        },
      },
      async (request, reply) => {
        const events = eventsOf(request)
        const { accepted, duplicates, isKeyReused } = await context.storeEvents(events)
        if (isKeyReused) {
          throw new RecsysError('RECSYS_EVENT_KEY_REUSED', {
            message: 'the Idempotency-Key was sent with other events before',
            field: 'Idempotency-Key',
          })
        }
        const known = new Set(duplicates)
        for (const [place, { type, modelVersion }] of events.entries()) {
          if (!known.has(place)) context.metrics.countEvent(type, modelVersion)
        }
        return reply.code(202).send({ accepted, duplicates: duplicates.length })
      },
    )
  })
}

function enveloped(given: unknown): unknown {
  if (Array.isArray(given)) return { events: given }
  const isEnvelope = typeof given === 'object' && given !== null && 'events' in given
  return isEnvelope ? given : { events: [given] }
}

function acceptNdjson(scope: FastifyInstance): void {
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser(
    ['application/x-ndjson', 'application/jsonl'],
    { parseAs: 'string' },
    (request, text, done) => {
      const events: unknown[] = []
      for (const [index, line] of String(text).split('\n').entries()) {
        if (line.trim() === '') continue
        parseJson(request, line, (error, parsed) => {
          if (error === null) events.push(parsed)
          else events.push(new SyntaxError(`line ${index + 1} is not JSON`))
        })
      }
      const broken = events.find((each) => each instanceof SyntaxError)
      if (broken) done(new RecsysError('RECSYS_HTTP_MALFORMED', { message: broken.message }))
      else done(null, events)
    },
  )
}

function eventsOf({ body: { events }, headers }: FastifyRequest<{ Body: { events: EventBody[] } }>) {
  const key = headers['idempotency-key']
  if (key !== undefined && (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))) {
    throw invalid('Idempotency-Key', 'is not 1 to 200 visible ASCII characters')
  }
  const now = Math.floor(Date.now() / 1000)
  return events.map((each, index) => feedbackEvent(each, index, key as string | undefined, now))
}

/** Ids of events and places in requests with a key are told apart, whatever clients call them. */
function idOf(id: string | undefined, key: string | undefined, index: number): string | null {
  if (id !== undefined) return `id:${id}`
  return key === undefined ? null : `${keyedIdPrefix}${index}:${key}`
}

function feedbackEvent(given: EventBody, index: number, key: string | undefined, now: number): FeedbackEvent {
  const { type, value, recommendationId = null } = given
  if ((type === 'rating') !== (value !== undefined)) {
    const problem = type === 'rating' ? 'is missing: a rating needs one' : `is not a field that a ${type} has`
    throw invalid(`events/${index}/value`, problem)
  }
  return {
    id: idOf(given.id, key, index),
    userId: given.userId,
    itemId: given.itemId,
    type,
    value: value ?? null,
    weight: given.weight ?? defaultWeights[type],
    timestamp: given.timestamp ?? now,
    sessionId: given.sessionId ?? null,
    recommendationId,
    modelVersion: recommendationId === null ? null : versionOf(recommendationId),
  }
}
