import type { FastifyInstance } from 'fastify'
import { RecsysError } from '../../errors.ts'
import { isHealthRoute } from './health-routes.ts'

const sampleMs = 20

/**
 * Refuses work while the event loop is so late that answers would come too late for anybody: those who are refused know it
 * at once and come back, those who are answered are answered in time. Health routes always answer.
 * @param maxDelayMs  lateness of the loop from which on requests are refused
 */
export function shedLoad(app: FastifyInstance, maxDelayMs: number): void {
  let expected = performance.now() + sampleMs
  let delayMs = 0
  const timer = setInterval(() => {
    const now = performance.now()
    // One pause alone, such as a collection of garbage, fades within a few samples.
    delayMs = Math.max(now - expected, 0.5 * delayMs)
    expected = now + sampleMs
  }, sampleMs).unref()
  app.addHook('onClose', (_, done) => {
    clearInterval(timer)
    done()
  })
  app.addHook('onRequest', (request, _, done) => {
    if (delayMs <= maxDelayMs || isHealthRoute(request)) return void done()
    const message = `the server is ${Math.round(delayMs)} ms behind`
    done(new RecsysError('RECSYS_OVERLOADED', { message }))
  })
}
