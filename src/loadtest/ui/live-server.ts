import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RecsysError } from '../../errors.ts'
import { parseDuration } from '../duration.ts'
import { htmlReport } from '../report-html.ts'
import type { LoadControl, LoadProgress, LoadReport } from '../types.ts'
import { livePage, pagePolicy } from './page.ts'

/** What a page asks for. */
export interface AskedLoad {
  readonly users: number
  readonly spawnRate: number
  readonly runTimeMs: number
}

export interface LiveServerOptions {
  /** 0 takes a free one. */
  readonly port: number
  readonly url: string
  readonly scenario: string
  readonly given: { readonly users: number; readonly spawnRate: number; readonly runTime: string }
  /** Runs one load test. @throws what a load test throws */
  run(
    asked: AskedLoad,
    follow: {
      readonly signal: AbortSignal
      onSecond(progress: LoadProgress): void
      onStart(control: LoadControl): void
    },
  ): Promise<LoadReport>
}

interface Running {
  readonly abort: AbortController
  control?: LoadControl
}

const maxBodyBytes = 10_000
/** A page that came late sees so many of the last seconds. */
const maxHistory = 600

/**
 * The live page of load tests, on the loopback alone: whoever reaches it can put load on a server. Requests that a page of another
 * origin makes are refused.
 */
export class LiveServer {
  readonly #options: LiveServerOptions
  readonly #server: Server
  readonly #listeners = new Set<ServerResponse>()
  readonly #seconds: LoadProgress[] = []
  #running: Running | undefined
  #report: LoadReport | undefined
  #state = { message: 'Ready.', mood: '' }

  constructor(options: LiveServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  /** @returns where the page is @throws RECSYS_PORT_IN_USE */
  async listen(): Promise<string> {
    this.#server.listen(this.#options.port, '127.0.0.1')
    try {
      await once(this.#server, 'listening')
    } catch (cause) {
      const message = `the live page cannot listen on 127.0.0.1:${this.#options.port}: ${(cause as Error).message}`
      throw new RecsysError('RECSYS_PORT_IN_USE', { message, field: 'ui-port', cause })
    }
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Ends a running test. */
  async close(): Promise<void> {
    this.#running?.abort.abort()
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('cache-control', 'no-store')
    try {
      requireOwnOrigin(request, (this.#server.address() as AddressInfo).port)
      const path = new URL(request.url ?? '/', 'http://page').pathname
      const action = this.#actions[`${request.method} ${path}`]
      if (action === undefined) return sendJson(response, 404, { error: { message: `there is no ${path}` } })
      await action(request, response)
    } catch (error) {
      const known = error instanceof RecsysError ? error : undefined
      sendJson(response, known?.httpStatus ?? 500, { error: { message: known?.message ?? String(error) } })
    }
  }

  readonly #actions: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>
  > = {
    'GET /': (_, response) => {
      response.setHeader('content-security-policy', pagePolicy)
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(livePage(this.#options.given))
    },
    'GET /events': (_, response) => this.#follow(response),
    'GET /report.html': (_, response) => {
      if (this.#report === undefined)
        return sendJson(response, 404, { error: { message: 'there is no report yet' } })
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(htmlReport(this.#report))
    },
    'GET /report.json': (_, response) => {
      if (this.#report === undefined)
        return sendJson(response, 404, { error: { message: 'there is no report yet' } })
      sendJson(response, 200, this.#report)
    },
    'POST /start': async (request, response) => {
      const asked = askedLoad(await readJson(request))
      if (this.#running) throw usage('a test is running: stop it first')
      void this.#run(asked)
      sendJson(response, 202, {})
    },
    'POST /stop': (_, response) => {
      this.#running?.abort.abort()
      sendJson(response, 202, {})
    },
    'POST /users': async (request, response) => {
      const { users } = await readJson(request)
      const wanted = wholeNumber('users', users, 20_000)
      this.#running?.control?.setUsers(wanted)
      sendJson(response, 202, {})
    },
  }

  async #run(asked: AskedLoad): Promise<void> {
    const running: Running = { abort: new AbortController() }
    this.#running = running
    this.#seconds.length = 0
    this.#say({ message: 'Running.', mood: '' })
    try {
      const report = await this.#options.run(asked, {
        signal: running.abort.signal,
        onSecond: (progress) => this.#second(progress),
        onStart: (control) => {
          running.control = control
        },
      })
      this.#report = report
      this.#running = undefined
      this.#say(verdict(report))
    } catch (error) {
      this.#running = undefined
      this.#say({ message: (error as Error).message, mood: 'bad' })
    }
  }

  #second(progress: LoadProgress): void {
    this.#seconds.push(progress)
    if (this.#seconds.length > maxHistory) this.#seconds.shift()
    for (const listener of this.#listeners) sendEvent(listener, 'second', progress)
  }

  #say(state: { message: string; mood: string }): void {
    this.#state = state
    for (const listener of this.#listeners) sendEvent(listener, 'state', this.#described())
  }

  #described() {
    const { url, scenario } = this.#options
    return {
      ...this.#state,
      running: this.#running !== undefined,
      url,
      scenario,
      hasReport: this.#report !== undefined,
    }
  }

  #follow(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    this.#listeners.add(response)
    response.on('close', () => this.#listeners.delete(response))
    sendEvent(response, 'state', this.#described())
    for (const progress of this.#seconds) sendEvent(response, 'second', progress)
  }
}

/** Names that resolve to the loopback from outside, and pages of others, are no way in. */
function requireOwnOrigin({ headers, method }: IncomingMessage, port: number): void {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`]
  const isOwnPage = headers.origin === undefined || own.some((host) => headers.origin === `http://${host}`)
  const isOther =
    headers['sec-fetch-site'] !== undefined &&
    !['same-origin', 'none'].includes(String(headers['sec-fetch-site']))
  if (own.includes(headers.host ?? '') && isOwnPage && !(isOther && method !== 'GET')) return
  throw new RecsysError('RECSYS_ADMIN_FORBIDDEN', {
    message: 'the live page answers its own page on this machine alone',
  })
}

function verdict(report: LoadReport): { message: string; mood: string } {
  const { generator, goals, interrupted, all } = report
  const figures = `${all.requests} requests, ${all.failures} failures`
  if (!generator.valid)
    return {
      message: `Invalid: the load generator was the bottleneck: ${generator.reasons.join('; ')}.`,
      mood: 'bad',
    }
  if (interrupted) return { message: `Stopped: ${figures}.`, mood: '' }
  const missed = goals.filter(({ met }) => !met)
  if (missed.length === 0) return { message: `All goals met: ${figures}.`, mood: 'good' }
  return {
    message: `Missed: ${missed.map(({ goal, actual }) => `${goal}, got ${actual?.toFixed(2) ?? 'nothing'}`).join('; ')}.`,
    mood: 'bad',
  }
}

function askedLoad({ users, spawnRate, runTime }: Record<string, unknown>): AskedLoad {
  return {
    users: wholeNumber('users', users, 20_000),
    spawnRate: wholeNumber('spawnRate', spawnRate, 10_000),
    runTimeMs: parseDuration(String(runTime), { field: 'runTime', minMs: 1000, maxMs: 24 * 3_600_000 }),
  }
}

function wholeNumber(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw usage(`${name} is ${JSON.stringify(value)}, expected a whole number from 1 to ${most}`)
}

function usage(message: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', { message })
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > maxBodyBytes) throw usage('the body is too long')
  }
  const value: unknown = JSON.parse(text || '{}')
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw usage('the body is not a JSON object')
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

function sendEvent(response: ServerResponse, name: string, value: unknown): void {
  response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)
}
