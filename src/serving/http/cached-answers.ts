import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { ServedModel } from '../ranking/served-model.ts'
import type { AppContext } from './app-context.ts'
import { withId } from './recommendation-id.ts'

/** Longer addresses are not kept: they name lists that hardly anybody asks for again. */
const maxAddressLength = 512

/**
 * Answers a request whose address was answered by the same model before, ahead of parsing and checking it: only addresses
 * that were found right are kept. The ranking is counted as it was when it was made.
 */
export function answerFromCache(context: AppContext) {
  const { slot, cache, metrics } = context
  const answer = (request: FastifyRequest, reply: FastifyReply, model: ServedModel, text: string) => {
    metrics.countCacheLookup('hit')
    request.modelVersion = String(model.identity.version ?? 'none')
    reply.header('content-type', 'application/json; charset=utf-8').send(withId(context, model, text))
  }
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const model = slot.modelFor((request.params as { userId: string }).userId)
    if (model === undefined || request.url.length > maxAddressLength) return void done()
    const key = keyOf(model, request.url)
    const near = cache.peek(key)
    if (near !== undefined) return void answer(request, reply, model, near)
    const far = cache.fetch(key)
    if (far === undefined) {
      metrics.countCacheLookup('miss')
      return void done()
    }
    void far.then((found) => {
      // Whoever waited for the same look-up and came first has made the answer for all.
      const text = found ?? cache.peek(key)
      if (text !== undefined) return void answer(request, reply, model, text)
      metrics.countCacheLookup('miss')
      done()
    })
  }
}

export function keepInCache(
  { cache }: Pick<AppContext, 'cache'>,
  model: ServedModel,
  url: string,
  text: string,
): void {
  if (url.length <= maxAddressLength) cache.set(keyOf(model, url), text)
}

function keyOf(model: ServedModel, url: string): string {
  return `${model.cacheKey} ${url}`
}
