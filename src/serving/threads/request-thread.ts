import type { AddressInfo } from 'node:net'
import type { MessagePort } from 'node:worker_threads'
import type { FastifyInstance } from 'fastify'
import { type RedisOutcome, withRedis } from '../cache/redis-cache.ts'
import { createResponseCache, type ResponseCache } from '../cache/response-cache.ts'
import type { DashboardAnswer } from '../dashboard-line.ts'
import { buildApp } from '../http/app.ts'
import type { KnownKey } from '../http/known-key.ts'
import { RecentRequests } from '../http/recent-requests.ts'
import { createRequestMetrics, type RequestMetrics } from '../http/request-metrics.ts'
import { loadTracing } from '../http/tracing.ts'
import { warmUp } from '../http/warm-up.ts'
import type { LiveReport } from '../live-report.ts'
import { createLog, type Logger } from '../log.ts'
import type { FromRequestThread, LineUp, RequestThreadData, ToRequestThread } from '../messages.ts'
import { ModelSlot } from '../ranking/model-slot.ts'
import type { CommandOutcome, ReloadOutcome, VersionReport } from '../types.ts'
import { DashboardFollowers } from './dashboard-followers.ts'
import { EventLine } from './event-line.ts'
import { type ServedLineUp, ServedModels } from './line-up.ts'
import { Questions } from './questions.ts'
import { RecentItems } from './recent-items.ts'
import { VersionTallies } from './version-tally.ts'

/** One request thread: an HTTP application on the shared port, a slot for the model, and the line to the supervisor. */
export async function runRequestThread(data: RequestThreadData, port: MessagePort): Promise<void> {
  const desk = data.thread
  const slot = new ModelSlot()
  const metrics = createRequestMetrics(String(data.thread))
  const say = (message: FromRequestThread) => port.postMessage(message)
  const log = createLog(data.logLevel, String(data.thread))
  const cache = cacheOf(data, log, metrics)
  metrics.watchCache(cache)
  const recentItems = new RecentItems(data.dataDir, log)
  const tallies = new VersionTallies((each, traffic) => {
    for (const [version, { recommendations }] of each) metrics.countRecommendations(version, recommendations)
    say({ type: 'tally', tallies: each, traffic })
  })
  const recent = new RecentRequests()
  const models = new ServedModels(desk, data.strangers)
  const questions = new Questions(say)
  const eventLine = new EventLine(say)
  const followers = new DashboardFollowers((count) => say({ type: 'listeners', count }))
  let { status } = data
  let keys = byId(data.keys)
  let prepared: { readonly generation: number; readonly lineUp: ServedLineUp } | undefined
  let newest = 0

  const takeIntoService = (lineUp: ServedLineUp) => {
    models.keep(lineUp)
    slot.swap(lineUp.model, lineUp.trial)
  }
  const prepare = async (generation: number, wanted: LineUp) => {
    prepared = undefined
    newest = generation
    try {
      const lineUp = models.build(wanted)
      for (const model of models.newIn(lineUp)) await warmUp(warmUpContext, model, recent.list())
      // Another change-over may have begun meanwhile.
      if (newest === generation) prepared = { generation, lineUp }
      say({ type: 'prepared', generation, problem: null })
    } catch (error) {
      say({ type: 'prepared', generation, problem: String(error) })
    }
  }
  const recentlyTouched = (userId: string) => recentItems.of(userId)
  const warmUpContext = { cache, recentItems: recentlyTouched, strangers: data.strangers }

  if (data.model) {
    const lineUp = models.build({ model: data.model, trial: data.trial ?? null })
    for (const model of models.newIn(lineUp)) await warmUp(warmUpContext, model, [])
    takeIntoService(lineUp)
    if (data.newItems) models.useNewItems(data.newItems)
  }
  try {
    if (data.tracing !== undefined) await loadTracing(data.tracing)
  } catch (error) {
    say({ type: 'tracing-failed', message: (error as Error).message })
    return void port.close()
  }
  const app = await buildApp(
    {
      slot,
      metrics,
      cache,
      strangers: data.strangers,
      log,
      adminToken: data.adminToken,
      tls: data.tls,
      isTracing: data.tracing !== undefined,
      keys: () => keys,
      keysRequired: data.keysRequired,
      status: () => status,
      reload: () => questions.ask('reload') as Promise<ReloadOutcome>,
      tally: tallies,
      remember: (request) => recent.remember(request),
      command: (command) => questions.ask(command) as Promise<CommandOutcome>,
      versions: () => questions.ask('versions') as Promise<VersionReport>,
      recentItems: recentlyTouched,
      storeEvents: (events) => eventLine.store(events),
      scrape: () => questions.ask('scrape') as Promise<string>,
      dashboard: {
        ask: (question) => questions.ask(question) as Promise<DashboardAnswer>,
        live: () => questions.ask('live') as Promise<LiveReport>,
        listen: (listener) => followers.add(listener),
      },
    },
    data.limits,
  )
  port.on('message', (message: ToRequestThread) => {
    switch (message.type) {
      case 'prepare':
        void prepare(message.generation, message)
        break
      case 'commit':
        takeIntoService(prepared?.generation === message.generation ? prepared.lineUp : models.build(message))
        prepared = undefined
        break
      case 'abandon':
        prepared = undefined
        break
      case 'status':
        status = message.status
        break
      case 'collect':
        void metrics.snapshot().then((snapshot) => say({ type: 'snapshot', metrics: snapshot }))
        break
      case 'answer':
        questions.answered(message.id, message.answer)
        break
      case 'events-stored':
        eventLine.stored(message.id, message.result)
        break
      case 'keys':
        keys = byId(message.keys)
        break
      case 'news':
        followers.tell(message.news)
        break
      case 'new-items':
        models.useNewItems(message.items)
        break
      case 'drain':
        void drain(app, message.timeoutMs).then(() => {
          tallies.close()
          recentItems.close()
          cache.close()
          port.close()
        })
        break
    }
  })
  await listen(app, data, say, port)
}

function cacheOf({ cache }: RequestThreadData, log: Logger, metrics: RequestMetrics): ResponseCache {
  const near = createResponseCache(cache)
  if (cache.redisUrl === undefined) return near
  const count = (outcome: RedisOutcome) => metrics.countRedis(outcome)
  return withRedis(near, { url: cache.redisUrl, ttlMs: cache.ttlMs, log, count })
}

function byId(keys: readonly KnownKey[]): ReadonlyMap<string, KnownKey> {
  return new Map(keys.map((key) => [key.id, key]))
}

async function listen(
  app: FastifyInstance,
  { host, port, reusePort }: RequestThreadData,
  say: (message: FromRequestThread) => void,
  line: MessagePort,
): Promise<void> {
  try {
    // The framework hands `reusePort` on to net.Server.listen; its types do not know it yet.
    await app.listen({ host, port, reusePort } as { host: string; port: number })
    say({ type: 'listening', port: (app.server.address() as AddressInfo).port })
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException
    say({ type: 'listen-failed', code, message })
    line.close()
  }
}

/** Stops accepting, lets requests in flight finish, and cuts off what is left at the end of the time. */
async function drain(app: FastifyInstance, timeoutMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), timeoutMs)
  await app.close()
  clearTimeout(cut)
}
