import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCatalogue, RecsysError } from '../../errors.ts'
import type { Logger } from '../log.ts'

const retryAfterSeconds = 2

/** The one place where errors become responses. What is not an error of ours or of the client is a bug: logged with its stack. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const known = asRecsysError(error)
  if (known === undefined) log.error({ err: error, reqId: request.id, url: request.url }, 'request failed')
  const shown = known ?? new RecsysError('RECSYS_HTTP_INTERNAL', { message: 'the server failed to answer' })
  if (shown.httpStatus === 503 || shown.httpStatus === 429) reply.header('retry-after', retryAfterSeconds)
  if (shown.httpStatus === 401) reply.header('www-authenticate', 'Bearer')
  reply.code(shown.httpStatus).type('application/json; charset=utf-8').send(errorBody(shown))
}

function errorBody({ code, message, field, remedy }: RecsysError): string {
  return JSON.stringify({ error: { code, message, field, remedy } })
}

/** Errors of the HTTP framework by their code; a bad request of any other kind is told as malformed. */
const frameworkErrors: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'RECSYS_HTTP_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'RECSYS_HTTP_MEDIA_TYPE',
}

function asRecsysError(error: unknown): RecsysError | undefined {
  if (error instanceof RecsysError) return error
  const { statusCode, code, message } = error as Partial<FastifyError>
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined
  return new RecsysError(frameworkErrors[code ?? ''] ?? 'RECSYS_HTTP_MALFORMED', {
    message: String(message).slice(0, 200).toWellFormed(),
  })
}

/** Answers bytes that never became a request: too late, too long or not HTTP. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  const [code, message] = brokenRequests[error.code ?? ''] ?? malformed
  const body = errorBody(new RecsysError(code, { message }))
  const { httpStatus } = errorCatalogue[code]
  socket.end(
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}

const malformed = ['RECSYS_HTTP_MALFORMED', 'the request is not HTTP/1.1'] as const
const brokenRequests: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['RECSYS_HTTP_HEADERS_TOO_LARGE', 'address and headers are longer than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['RECSYS_HTTP_TIMEOUT', 'the request did not arrive in time'],
}
