import { isIP } from 'node:net'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { isTlsError } from './tls-errors.ts'
import type { Target, TlsTrust } from './types.ts'

/** An answer that came to its end, or why there is none. */
export type Answer =
  | {
      readonly status: number
      /** Names in small letters. */
      readonly headers: Readonly<Record<string, string | string[]>>
      /** Empty where nobody wanted it. */
      readonly text: string
      readonly latencyUs: number
    }
  | Failure

export interface OutgoingRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

export interface Failure {
  readonly kind: FailureKind
  readonly error: Error
}

/** `discarded`: cut off from our side. */
type FailureKind = 'connect' | 'tls' | 'timeout' | 'reset' | 'invalid response' | 'discarded'

/** A recommendation is some kilobytes; a server that sends more than this is wrong. */
const maxResponseBytes = 4 * 2 ** 20

/**
 * What one virtual user keeps open: a single keep-alive connection, one request at a time, redirects not
 * followed. After a failure that leaves the connection in doubt the next request makes a new one.
 */
export class Connection {
  readonly #target: Target
  readonly #timeoutMs: number
  #client: Client
  #timer: NodeJS.Timeout | undefined
  #isWaiting = false

  constructor(target: Target, timeoutMs: number) {
    this.#target = target
    this.#timeoutMs = timeoutMs
    this.#client = openClient(target, timeoutMs)
  }

  /** Never rejects. The latency covers connecting, where this request had to, up to the last byte of the body. */
  send({ method, path, headers, body }: OutgoingRequest, needsBody = true): Promise<Answer> {
    return new Promise((resolve) => {
      this.#armTimer()
      this.#isWaiting = true
      const collector = new AnswerCollector(needsBody, (answer) => {
        this.#isWaiting = false
        resolve(answer)
      })
      this.#client.dispatch(
        {
          method: method as Dispatcher.HttpMethod,
          path,
          headers: headers === undefined ? requestHeaders : withHeaders(headers),
          body: body ?? null,
        },
        collector,
      )
    })
  }

  /** Cuts off what is in flight. */
  discard(): void {
    clearTimeout(this.#timer)
    void this.#client.destroy(new DiscardedError('cut off'))
  }

  /** One timer for all requests, set anew by each: making one each time costs more than anything else here. */
  #armTimer(): void {
    if (this.#timer) this.#timer.refresh()
    else {
      const expire = () => {
        if (this.#isWaiting) this.#replaceClient(new TimeoutError(this.#timeoutMs))
      }
      this.#timer = setTimeout(expire, this.#timeoutMs).unref()
    }
  }

  /** A destroyed client fails its request, whether it was still connecting, waiting or reading. */
  #replaceClient(reason: Error): void {
    void this.#client.destroy(reason)
    this.#client = openClient(this.#target, this.#timeoutMs)
  }
}

/** Name and value in turns: the form that undici need not take apart. */
const requestHeaders: string[] = ['accept', 'application/json', 'user-agent', 'recsys-loadtest']

function withHeaders(given: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(given)
  if (keys.length === 0) return requestHeaders
  const names = new Set(keys.map((name) => name.toLowerCase()))
  const usual = requestHeaders.filter((_, i) => !names.has(requestHeaders[i - (i % 2)]!))
  return [...usual, ...Object.entries(given).flat()]
}

class TimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no complete answer within ${timeoutMs} ms`)
    this.name = 'TimeoutError'
  }
}

class DiscardedError extends Error {}

/** Gathers one response. undici calls exactly one of onResponseEnd and onResponseError. */
class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #startedAt = performance.now()
  readonly #needsBody: boolean
  readonly #done: (answer: Answer) => void
  readonly #chunks: Buffer[] = []
  #sent = false
  #status = 0
  #headers: Record<string, string | string[]> = {}

  constructor(needsBody: boolean, done: (answer: Answer) => void) {
    this.#needsBody = needsBody
    this.#done = done
  }

  onRequestStart(): void {
    this.#sent = true
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status
    this.#headers = headers as Record<string, string | string[]>
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#needsBody) this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const latencyUs = (performance.now() - this.#startedAt) * 1000
    this.#done({ status: this.#status, headers: this.#headers, text: textOf(this.#chunks), latencyUs })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#done({ kind: failureKind(error, this.#sent), error })
  }
}

function textOf(chunks: readonly Buffer[]): string {
  if (chunks.length === 0) return ''
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  return body.toString('utf8')
}

/** @param sent  whether the request was written to an open connection */
function failureKind(error: Error & { code?: string }, sent: boolean): FailureKind {
  const code = error.code ?? ''
  if (error instanceof TimeoutError) return 'timeout'
  if (error instanceof DiscardedError) return 'discarded'
  if (isTlsError(code)) return 'tls'
  if (!sent) return 'connect'
  return code.startsWith('HPE_') || code.startsWith('UND_ERR_RES_') ? 'invalid response' : 'reset'
}

function openClient(target: Target, timeoutMs: number): Client {
  return new Client(target.origin, {
    pipelining: 1,
    allowH2: target.http2 ?? false,
    // The timer of `send` covers the whole request to the millisecond; undici's own are coarser.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: maxResponseBytes,
    connect: connectorTo(target, timeoutMs),
  })
}

/** As Node's TLS wants it; nothing where the system's authorities decide. */
export function tlsOptions(tls: TlsTrust | undefined): { rejectUnauthorized?: boolean; ca?: string } {
  return {
    ...(tls?.insecure ? { rejectUnauthorized: false } : {}),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
  }
}

/** Connects to the checked address, whatever the name may resolve to by now, and makes sure of it. */
function connectorTo(
  { address, hostname, tls, http2 = false }: Target,
  timeoutMs: number,
): buildConnector.connector {
  const connect = buildConnector({ allowH2: http2, timeout: timeoutMs, ...tlsOptions(tls) })
  return (options, callback) => {
    // TLS knows no server names that are addresses.
    const servername = isIP(hostname) ? {} : { servername: hostname }
    connect({ ...options, hostname: address, ...servername }, (...result) => {
      const [error, socket] = result
      if (error !== null) return callback(error, null)
      if (socket.remoteAddress === address) return callback(null, socket)
      socket.destroy()
      callback(new Error(`connected to ${socket.remoteAddress}, expected ${address}`), null)
    })
  }
}
