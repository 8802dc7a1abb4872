import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Span } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { programVersion } from '../../host.ts'

/** Loads a module that registers an OpenTelemetry SDK, in the thread that calls this: spans go wherever it sends them. */
export async function loadTracing(file: string): Promise<void> {
  try {
    await import(pathToFileURL(resolve(file)).href)
  } catch (cause) {
    throw new Error(`--tracing: ${file} could not be loaded: ${(cause as Error).message}`, { cause })
  }
}

/**
 * A span for each request, a child of what its `traceparent` names, with the names of OpenTelemetry's semantic conventions for
 * HTTP servers, and the model version that answered. Only servers that trace have these hooks.
 */
export async function traceRequests(app: FastifyInstance): Promise<void> {
  const { context, propagation, SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api')
  const tracer = trace.getTracer('recsys', programVersion())
  const spans = new WeakMap<object, Span>()
  app.addHook('onRequest', (request, _, done) => {
    const { method, headers, id } = request
    const parent = propagation.extract(context.active(), headers)
    const attributes = {
      'http.request.method': method,
      'url.path': request.url.split('?', 1)[0]!,
      'recsys.request.id': id,
    }
    spans.set(request, tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent))
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    span?.updateName(`${request.method} ${request.route}`)
    span?.setAttributes({ 'http.route': request.route, 'http.response.status_code': reply.statusCode })
    if (request.modelVersion !== '') span?.setAttribute('recsys.model.version', request.modelVersion)
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.end()
    done()
  })
}
