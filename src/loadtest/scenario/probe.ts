import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { RecsysError } from '../../errors.ts'
import { tlsOptions } from '../connection.ts'
import { randomStream } from '../random.ts'
import { findTarget, type TargetOptions } from '../target.ts'
import { isTlsError } from '../tls-errors.ts'
import type { Target } from '../types.ts'
import { compileScenario } from './compile.ts'
import type { Position, StepDocument } from './document.ts'
import type { LoadedScenario } from './load-scenario.ts'
import { planStep } from './step-plan.ts'
import { placeholdersOf } from './template.ts'
import type { RenderedRequest, Scenario, Step, UserState } from './types.ts'

/** One of each is enough to see where a server sends its users. */
const mostProbes = 20

/**
 * Finds the server of a scenario, and asks each of its GET requests once that needs nothing carried over: whatever
 * would spoil every request of the load is said before it, with the line.
 * @throws RECSYS_TARGET_UNREACHABLE | RECSYS_TARGET_TLS | RECSYS_TARGET_REDIRECTS | RECSYS_USAGE
 */
export async function probeScenario(loaded: LoadedScenario, options: TargetOptions): Promise<Target> {
  const urlPlace = options.url === loaded.document.url ? placeIn(loaded, loaded.document.urlAt) : '--url'
  const target = await findTarget(options).catch((error) => {
    throw explained(error, urlPlace)
  })
  const scenario = await compileScenario(loaded.source)
  for (const { step, document } of probes(loaded, scenario)) {
    await probe(step, document, { loaded, target, timeoutMs: options.timeoutMs, urlPlace })
  }
  // Rows that the probes drew are drawn again.
  for (const feed of Object.values(loaded.feeds)) Atomics.store(feed.drawn, 0, 0)
  return target
}

function placeIn({ file }: LoadedScenario, at: Position | undefined): string {
  return at ? `${file}:${at.line}:${at.column}` : file
}

function probes({ document }: LoadedScenario, scenario: Scenario): { step: Step; document: StepDocument }[] {
  const steps = document.tasks.flatMap((task, t) =>
    task.steps.map((step, s) => ({ step: scenario.tasks[t]!.steps[s]!, document: step })),
  )
  const seen = new Set<string>()
  const harmless = steps.filter(({ document: step }) => {
    if (seen.has(step.name) || !isHarmless(step, document)) return false
    seen.add(step.name)
    return true
  })
  return harmless.slice(0, mostProbes)
}

/** Safe by RFC 9110 §9.2.1, and nothing in it that another answer has to give first. */
function isHarmless(step: StepDocument, scenario: LoadedScenario['document']): boolean {
  if (step.request || (step.method !== 'GET' && step.method !== 'HEAD')) return false
  const { path, headers } = planStep(step, scenario)
  const placeholders = [path, ...Object.values(headers)].flatMap(placeholdersOf)
  return placeholders.every(({ source }) => source.kind !== 'carried')
}

interface ProbeContext {
  readonly loaded: LoadedScenario
  readonly target: Target
  readonly timeoutMs: number
  readonly urlPlace: string
}

async function probe(step: Step, document: StepDocument, context: ProbeContext): Promise<void> {
  const { target, timeoutMs, urlPlace, loaded } = context
  const user: UserState = { index: 0, random: randomStream(0, 0), values: {} }
  const asked = step.render(user)
  const answer = await ask(target, asked, timeoutMs).catch((error) => {
    throw explained(unreachable(target, asked, error), urlPlace)
  })
  const elsewhere = redirection(answer, target, asked)
  if (elsewhere === undefined) return
  throw new RecsysError('RECSYS_TARGET_REDIRECTS', {
    message: `${placeIn(loaded, document.at)} ${asked.method} ${asked.path} is answered with a redirect to ${elsewhere.origin}, expected an answer of ${target.origin}`,
    remedy: `Load the server that answers: write url: ${elsewhere.origin}, or give --url; redirects are never followed.`,
    field: 'url',
    data: { location: elsewhere.href },
  })
}

function ask(
  target: Target,
  { method, path, headers }: RenderedRequest,
  timeoutMs: number,
): Promise<IncomingMessage> {
  const { protocol, port, host } = new URL(target.origin)
  const options: RequestOptions & { servername?: string; rejectUnauthorized?: boolean } = {
    host: target.address,
    port,
    method,
    path: target.basePath + path,
    headers: { ...headers, host },
    timeout: timeoutMs,
    ...tlsOptions(target.tls),
    ...(protocol === 'https:' && !isIP(target.hostname) ? { servername: target.hostname } : {}),
  }
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? httpsRequest : httpRequest)(options, (response) => {
      response.destroy()
      resolve(response)
    })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    request.on('error', reject).end()
  })
}

/** Where an answer sends its reader, if that is another origin. */
function redirection(answer: IncomingMessage, target: Target, { path }: RenderedRequest): URL | undefined {
  const { statusCode = 0, headers } = answer
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) return undefined
  const location = URL.parse(headers.location, target.origin + target.basePath + path)
  return location && location.origin !== target.origin ? location : undefined
}

function unreachable({ origin }: Target, { method, path }: RenderedRequest, cause: unknown): RecsysError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RecsysError('RECSYS_TARGET_UNREACHABLE', {
    message: `${method} ${path} has no answer at ${origin}: ${reason}`,
    cause,
  })
}

/** Says where the address stands, and of TLS what to do about it. */
function explained(error: unknown, place: string): unknown {
  if (!(error instanceof RecsysError)) return error
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const message =
    place === '--url' && error.message.startsWith('--url') ? error.message : `${place} ${error.message}`
  const details = { message, field: 'url', cause: error.cause }
  if (!isTlsError(code)) return new RecsysError(error.code, { ...details, remedy: error.remedy })
  return new RecsysError('RECSYS_TARGET_TLS', { ...details, ...tlsRemedy(code) })
}

function tlsRemedy(code: string): { remedy?: string } {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return { remedy: 'The server speaks no TLS there: write http:// in place of https://, or its TLS port.' }
  if (code === 'CERT_HAS_EXPIRED') return { remedy: 'Renew the certificate of the server.' }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { remedy: 'Name the server as its certificate does.' }
  return {}
}
