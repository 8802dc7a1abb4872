import type { AddressInfo } from 'node:net'
import type { MessagePort } from 'node:worker_threads'
import type { FastifyInstance } from 'fastify'
import { createResponseCache } from '../cache/response-cache.ts'
import { buildApp } from '../http/app.ts'
import type { KnownKey } from '../http/known-key.ts'
import { createRequestMetrics } from '../http/request-metrics.ts'
import { createLog } from '../log.ts'
import type { FromRequestThread, RequestThreadData, ToRequestThread } from '../messages.ts'
import { ModelSlot } from '../ranking/model-slot.ts'
import { ServedModel } from '../ranking/served-model.ts'
import type { ReloadOutcome } from '../types.ts'
import { EventLine } from './event-line.ts'
import { Questions } from './questions.ts'
import { RecentItems } from './recent-items.ts'
import { RecommendationCount } from './recommendation-count.ts'

/** One request thread: an HTTP application on the shared port, a slot for the model, and the line to the supervisor. */
export async function runRequestThread(data: RequestThreadData, port: MessagePort): Promise<void> {
  const desk = data.thread
  const slot = new ModelSlot()
  const cache = createResponseCache(data.cache)
  const metrics = createRequestMetrics(String(data.thread), cache)
  const say = (message: FromRequestThread) => port.postMessage(message)
  const log = createLog(data.logLevel, String(data.thread))
  const recentItems = new RecentItems(data.dataDir, log)
  const recommendations = new RecommendationCount((counts) => {
    for (const [version, n] of counts) metrics.countRecommendations(version, n)
    say({ type: 'recommended', counts })
  })
  const questions = new Questions(say)
  const eventLine = new EventLine(say)
  let { status } = data
  let keys = byId(data.keys)
  let prepared: { readonly generation: number; readonly served: ServedModel } | undefined

  if (data.model) slot.swap(new ServedModel(data.model, desk))
  const app = await buildApp(
    {
      slot,
      metrics,
      cache,
      log,
      adminToken: data.adminToken,
      tls: data.tls,
      keys: () => keys,
      keysRequired: data.keysRequired,
      status: () => status,
      reload: () => questions.ask('reload') as Promise<ReloadOutcome>,
      countRecommendation: (model) => recommendations.add(model.identity.version),
      recentItems: (userId) => recentItems.of(userId),
      storeEvents: (events) => eventLine.store(events),
      scrape: () => questions.ask('scrape') as Promise<string>,
    },
    data.limits,
  )
  port.on('message', (message: ToRequestThread) => {
    switch (message.type) {
      case 'prepare':
        prepared = undefined
        prepared = prepareModel(message, desk, say)
        break
      case 'commit':
        slot.swap(
          prepared?.generation === message.generation
            ? prepared.served
            : new ServedModel(message.model, desk),
        )
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
      case 'drain':
        void drain(app, message.timeoutMs).then(() => {
          recommendations.close()
          recentItems.close()
          port.close()
        })
        break
    }
  })
  await listen(app, data, say, port)
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

function prepareModel(
  { generation, model }: Extract<ToRequestThread, { type: 'prepare' }>,
  desk: number,
  say: (message: FromRequestThread) => void,
): { generation: number; served: ServedModel } | undefined {
  try {
    const served = new ServedModel(model, desk)
    say({ type: 'prepared', generation, problem: null })
    return { generation, served }
  } catch (error) {
    say({ type: 'prepared', generation, problem: String(error) })
    return undefined
  }
}

/** Stops accepting, lets requests in flight finish, and cuts off what is left at the end of the time. */
async function drain(app: FastifyInstance, timeoutMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), timeoutMs)
  await app.close()
  clearTimeout(cut)
}
