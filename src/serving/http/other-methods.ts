import type { FastifyInstance } from 'fastify'
import { RecsysError } from '../../errors.ts'

/** Methods by route pattern. */
export type RouteMethods = ReadonlyMap<string, ReadonlySet<string>>

/** Collects the routes that are registered after this call. */
export function collectRoutes(app: FastifyInstance): RouteMethods {
  const routes = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    routes.set(url, methods)
  })
  return routes
}

/** Answers 405 with an Allow header, where the framework alone would say that the path does not exist. */
export function refuseOtherMethods(app: FastifyInstance, routes: RouteMethods): void {
  for (const [url, methods] of [...routes]) refuse(app, url, new Set(methods))
}

function refuse(app: FastifyInstance, url: string, allowed: ReadonlySet<string>): void {
  app.route({
    url,
    method: app.supportedMethods.filter((method) => !allowed.has(method)),
    config: { scope: 'public' },
    schema: { hide: true },
    onRequest: (request, reply, done) => {
      reply.header('allow', [...allowed].join(', '))
      done(
        new RecsysError('RECSYS_HTTP_METHOD', { message: `${request.method} is not a method of this route` }),
      )
    },
    handler: () => undefined,
  })
}
