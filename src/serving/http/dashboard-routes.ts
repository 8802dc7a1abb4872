import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, RecsysError } from '../../errors.ts'
import type { DashboardAnswer, DashboardNews, DashboardQuestion } from '../dashboard-line.ts'
import type { LiveReport } from '../live-report.ts'
import { errorResponse, id, openObject } from './schemas.ts'

/** What the dashboard's routes work with, in a request thread as in a server of its own. */
export interface DashboardContext {
  ask(question: DashboardQuestion): Promise<DashboardAnswer>
  /** null where no server is attached. */
  live(): Promise<LiveReport | null>
  /** @returns a function that ends it */
  listen(listener: (news: DashboardNews) => void): () => void
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly question: string
  readonly summary: string
  readonly params?: Readonly<Record<string, object>>
  readonly query?: Readonly<Record<string, object>>
  readonly body?: Readonly<Record<string, object>>
  readonly needed?: readonly string[]
}

const name = { type: 'string', minLength: 1, maxLength: 100 } as const
const version = { type: 'integer', minimum: 1 } as const
const runId = { type: 'string', minLength: 1, maxLength: 12, pattern: '^[a-z0-9]+$' } as const
const task = { type: 'string', minLength: 1, maxLength: 80 } as const
const count = (usual: number, maximum: number) =>
  ({ type: 'integer', minimum: 1, maximum, default: usual }) as const
const reason = { type: 'string', minLength: 1, maxLength: 500, description: 'For the audit trail.' } as const

const routes: readonly Route[] = [
  {
    method: 'GET',
    url: 'models',
    question: 'models',
    summary: 'all versions of all models, and the audit trail',
  },
  {
    ...{ method: 'GET', url: 'models/:name/:version', question: 'model', params: { name, version } },
    summary: 'a version: its run, learning curve, history, click-through and load test',
  },
  {
    ...{
      method: 'GET',
      url: 'compare',
      question: 'compare',
      query: { name, first: version, second: version },
    },
    needed: ['name', 'first', 'second'],
    summary:
      'two versions scored now on the same held-out rows: gains with intervals, parameters, learning curves; takes seconds',
  },
  {
    ...{ method: 'GET', url: 'runs', question: 'runs' },
    query: {
      limit: count(50, 500),
      offset: { type: 'integer', minimum: 0, maximum: 10_000_000, default: 0 },
      algorithm: name,
      status: { type: 'string', enum: ['running', 'finished', 'failed', 'killed'] },
      sort: { ...name, description: '`startedAt`, `algorithm`, `status` or the name of a metric.' },
      order: { type: 'string', enum: ['ascending', 'descending'], default: 'descending' },
    },
    summary: 'training runs, a page at a time',
  },
  {
    ...{ method: 'GET', url: 'runs/:runId', question: 'run', params: { runId } },
    summary: 'a run: parameters, metrics, learning curve, files, log lines',
  },
  { method: 'GET', url: 'studies', question: 'studies', summary: 'searches for parameters' },
  {
    ...{ method: 'GET', url: 'studies/:runId', question: 'study', params: { runId } },
    summary: 'the trials of a search',
  },
  {
    method: 'GET',
    url: 'flows',
    question: 'flows',
    query: { limit: count(50, 1000) },
    summary: 'runs of flows',
  },
  {
    ...{ method: 'GET', url: 'flows/:flowRunId', question: 'flow', params: { flowRunId: runId } },
    summary: 'a run of a flow: its plan, tasks and attempts',
  },
  {
    ...{ method: 'GET', url: 'flows/:flowRunId/logs', question: 'flow-logs', params: { flowRunId: runId } },
    query: {
      task,
      after: {
        type: 'integer',
        minimum: 0,
        default: 0,
        description: 'The id of the last line that is known.',
      },
    },
    summary: 'what the tasks of a flow have said, the oldest first',
  },
  { method: 'GET', url: 'schedules', question: 'schedules', summary: 'schedules, due times and webhooks' },
  {
    ...{ method: 'GET', url: 'data', question: 'data' },
    summary: 'tables, their versions, distributions, rejected rows, drift',
  },
  {
    ...{
      method: 'GET',
      url: 'users',
      question: 'users',
      query: { prefix: { type: 'string', maxLength: 200 }, version },
    },
    summary: 'users of a version to try it out on',
  },
  {
    ...{ method: 'GET', url: 'try/:userId', question: 'try', params: { userId: id } },
    query: { version, k: count(10, 100) },
    summary: 'what a user has and would get from a version, with reasons',
  },
  {
    ...{ method: 'GET', url: 'similar/:itemId', question: 'similar', params: { itemId: id } },
    query: { version, k: count(10, 100) },
    summary: 'the items nearest to one',
  },
  {
    method: 'GET',
    url: 'load-tests',
    question: 'load-tests',
    summary: 'load tests that were attached to versions',
  },
  {
    ...{
      method: 'POST',
      url: 'models/:name/:version/promote',
      question: 'promote',
      params: { name, version },
    },
    body: {
      stage: { type: 'string', enum: ['staging', 'production'], default: 'production' },
      force: {
        type: 'boolean',
        default: false,
        description: 'Also what is not better; written down as forced.',
      },
    },
    summary: 'promote a version, if the policy lets it pass',
  },
  {
    ...{ method: 'POST', url: 'models/:name/rollback', question: 'rollback', params: { name } },
    ...{ body: { reason }, needed: ['reason'] },
    summary: 'put the previous production version back',
  },
  {
    ...{
      method: 'POST',
      url: 'flows/:flowRunId/retry',
      question: 'retry-flow',
      params: { flowRunId: runId },
    },
    body: { from: { ...task, description: 'Begin a new run at this task; left out: go on where it was.' } },
    summary: 'go on with a flow, or run it again from a task',
  },
  {
    ...{
      method: 'POST',
      url: 'flows/:flowRunId/cancel',
      question: 'cancel-flow',
      params: { flowRunId: runId },
    },
    summary: 'end a running flow',
  },
]

const base = '/api/v1/'

/** The JSON API of the dashboard, for its page and for scripts. Who may use it: see access.ts. */
export function registerDashboard(app: FastifyInstance, context: DashboardContext): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: base + route.url,
      config: { scope: route.method === 'GET' ? 'dashboard' : 'admin' },
      schema: schemaOf(route),
      handler: async (request, reply) => forward(context, route.question, request, reply),
    })
  }
  registerOverview(app, context)
  registerEventStream(app, context)
}

/** `dashboardFlowLogs` */
function operationOf(question: string): string {
  return `dashboard${question.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}`
}

function schemaOf({ url, question, summary, method, params, query, body, needed = [] }: Route): object {
  const object = (properties: object, required: readonly string[]) => ({
    ...{ type: 'object', properties, required, additionalProperties: false },
  })
  return {
    ...{ tags: ['dashboard'], operationId: operationOf(question), summary },
    ...(method === 'POST' ? { security: [{ adminToken: [] }] } : {}),
    ...(params ? { params: object(params, Object.keys(params)) } : {}),
    ...(query ? { querystring: object(query, needed) } : {}),
    ...(body ? { body: object(body, needed) } : {}),
    response: {
      200: openObject(`What \`${base}${url}\` is about.`),
      ...Object.fromEntries([400, 401, 403, 404, 409, 503].map((status) => [status, errorResponse])),
    },
  }
}

async function forward(
  context: DashboardContext,
  question: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const params = { ...(request.params as object), ...(request.query as object), ...(request.body as object) }
  return reply.type('application/json; charset=utf-8').send(await textOf(context, question, params))
}

async function textOf(context: DashboardContext, question: string, params: object): Promise<string> {
  const answer = await context.ask({
    type: 'dashboard',
    question,
    params: params as DashboardQuestion['params'],
  })
  if ('json' in answer) return answer.json
  const { code, message, remedy, field } = answer.error
  throw new RecsysError(code as ErrorCode, { message, remedy, ...(field === undefined ? {} : { field }) })
}

/** What the registry says and what the server knows of itself. */
function registerOverview(app: FastifyInstance, context: DashboardContext): void {
  app.get(
    `${base}overview`,
    {
      config: { scope: 'dashboard' },
      schema: schemaOf({
        ...{ method: 'GET', url: 'overview', question: 'overview' },
        summary: 'what is in production, how the server does, click-through by version',
      }),
    },
    async (_, reply) => {
      const [registry, live] = await Promise.all([textOf(context, 'overview', {}), context.live()])
      reply.type('application/json; charset=utf-8')
      return reply.send(`{"registry":${registry},"server":${JSON.stringify(live)}}`)
    },
  )
}

/** Proxies close what says nothing. */
const heartbeatMs = 15_000
const mostListeners = 200

function registerEventStream(app: FastifyInstance, context: DashboardContext): void {
  const open = new Set<() => void>()
  app.addHook('preClose', (done) => {
    for (const end of open) end()
    done()
  })
  app.get(
    `${base}events`,
    {
      // A stream has no length that could be asked for.
      exposeHeadRoute: false,
      config: { scope: 'dashboard' },
      schema: {
        ...{ tags: ['dashboard'], operationId: operationOf('events') },
        summary:
          'server-sent events: which topics have changed (registry, data, live), once a second at most',
        response: {
          200: {
            description: 'A stream that ends with the server.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...{ 401: errorResponse, 403: errorResponse, 503: errorResponse },
        },
      },
    },
    (request, reply) => {
      if (open.size >= mostListeners)
        throw new RecsysError('RECSYS_OVERLOADED', {
          message: `${mostListeners} pages follow this thread already`,
        })
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      })
      raw.write('retry: 2000\n\n')
      const stop = context.listen(({ topics }) =>
        raw.write(`event: changed\ndata: ${JSON.stringify(topics)}\n\n`),
      )
      const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs)
      const end = () => {
        clearInterval(heartbeat)
        stop()
        open.delete(end)
        raw.end()
      }
      open.add(end)
      request.raw.on('close', end)
    },
  )
}
