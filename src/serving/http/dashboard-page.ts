import type { FastifyInstance, FastifyReply } from 'fastify'
import { readAsset } from '../../host.ts'

/** Nothing but the page's own files, and requests to where it came from. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const files = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/dashboard/app.js', 'app.js', 'text/javascript; charset=utf-8'],
  ['/dashboard/app.css', 'app.css', 'text/css; charset=utf-8'],
] as const

/** The dashboard's own files: the same for everybody, and without anything that is secret. */
export function registerDashboardPage(app: FastifyInstance): void {
  for (const [url, name, type] of files) {
    app.get(url, { config: { scope: 'public' }, schema: { hide: true } }, (_, reply) =>
      sendFile(reply, name, type),
    )
  }
}

function sendFile(reply: FastifyReply, name: string, type: string): void {
  const bytes = asset(name)
  reply.header('content-security-policy', policy).header('referrer-policy', 'no-referrer')
  if (bytes === undefined) {
    reply.code(503).type('text/plain; charset=utf-8')
    reply.send('The page was not built: run `npm run build`. The API under /api/v1 works all the same.\n')
    return
  }
  reply.header('cache-control', 'no-cache').type(type).send(bytes)
}

const read = new Map<string, Buffer>()

/** Undefined where nothing was built, as in a fresh clone. */
function asset(name: string): Buffer | undefined {
  const known = read.get(name)
  if (known) return known
  try {
    const bytes = Buffer.from(readAsset(`dashboard/assets/${name}`))
    read.set(name, bytes)
    return bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
