import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { DashboardData } from '../dashboard/messages.ts'
import { startDashboard } from '../dashboard/start-dashboard.ts'
import { RecsysError } from '../errors.ts'
import { parseDuration } from '../loadtest/duration.ts'
import { rollback } from '../pipeline/rollback.ts'
import { endTrial, startTrial } from '../pipeline/trials.ts'
import type { LogLevel } from '../serving/log.ts'
import {
  type Fallback,
  fallbacks,
  type ReleaseOptions,
  type ServeOptions,
  type TlsFiles,
} from '../serving/types.ts'
import { parseShare } from './share-text.ts'

/** What the command line says about a server, as it was typed. */
export interface ServeFlags {
  readonly 'data-dir': string
  readonly quiet: boolean
  readonly host: string
  readonly port: number
  readonly threads: number | undefined
  readonly name: string
  readonly 'admin-token': string | undefined
  readonly 'poll-interval': string
  readonly 'drain-timeout': string
  readonly 'log-level': LogLevel
  readonly 'tls-cert': string | undefined
  readonly 'tls-key': string | undefined
  readonly 'require-keys': boolean
  readonly 'rate-limit': number
  readonly 'cache-size': number
  readonly 'flush-interval': string
  readonly 'flush-events': number
  readonly 'cache-ttl': string
  readonly cache: string | undefined
  readonly fallback: string
  readonly tracing: string | undefined
  readonly canary: string | undefined
  readonly shadow: string | undefined
  readonly 'keep-warm': number
  readonly 'min-coverage': string
  readonly 'max-error-rate': string
  readonly 'max-p95': string | undefined
  readonly 'max-click-loss': string | undefined
  readonly probation: string
}

/** What the dashboard's thread is started with. */
export function dashboardData(dataDir: string, modelName: string): DashboardData {
  return { dataDir, modelName, env: { ...process.env }, directory: process.cwd() }
}

/** @throws RECSYS_USAGE naming the flag, what it got and what it expected */
export function serveOptions(flags: ServeFlags, signal: AbortSignal): ServeOptions {
  const dataDir = flags['data-dir']
  return {
    dataDir,
    host: flags.host,
    port: flags.port,
    nThreads: flags.threads ?? availableParallelism(),
    modelName: flags.name,
    adminToken: flags['admin-token'],
    pollIntervalMs: parseDuration(flags['poll-interval'], {
      field: 'poll-interval',
      minMs: 100,
      maxMs: 3_600_000,
    }),
    drainTimeoutMs: parseDuration(flags['drain-timeout'], {
      field: 'drain-timeout',
      minMs: 0,
      maxMs: 3_600_000,
    }),
    tls: readTls(flags['tls-cert'], flags['tls-key']),
    keysRequired: flags['require-keys'],
    requestsPerSecond: flags['rate-limit'],
    cache: {
      maxBytes: flags['cache-size'] * 2 ** 20,
      ttlMs: parseDuration(flags['cache-ttl'], { field: 'cache-ttl', minMs: 1000, maxMs: 86_400_000 }),
      redisUrl: redisUrl(flags.cache),
    },
    logLevel: flags.quiet ? 'error' : flags['log-level'],
    events: {
      flush: () => flushJournal(dataDir),
      flushIntervalMs: parseDuration(flags['flush-interval'], {
        field: 'flush-interval',
        minMs: 1000,
        maxMs: 86_400_000,
      }),
      flushEvents: flags['flush-events'],
      newItemsMs: 5000,
    },
    release: releaseOptions(flags),
    strangers: parseFallbacks(flags.fallback),
    tracing: tracingModule(flags.tracing),
    fallback: () => readFallback(dataDir),
    dashboard: () => startDashboard(dashboardData(dataDir, flags.name)),
    signal,
  }
}

function releaseOptions(flags: ServeFlags): ReleaseOptions {
  const { canary, shadow, name, 'data-dir': dataDir } = flags
  const optional = <T>(text: string | undefined, parse: (text: string) => T) =>
    text === undefined ? null : parse(text)
  const hour = { minMs: 0, maxMs: 86_400_000 }
  const stagingTrial =
    optional(canary, (text) => ({ mode: 'canary' as const, share: parseShare(text, 'canary') })) ??
    optional(shadow, (text) => ({ mode: 'shadow' as const, share: parseShare(text, 'shadow') }))
  return {
    keepWarm: flags['keep-warm'],
    minCoverage: parseShare(flags['min-coverage'], 'min-coverage', 'zero too'),
    stagingTrial,
    limits: {
      maxErrorRate: parseShare(flags['max-error-rate'], 'max-error-rate', 'zero too'),
      maxP95Ms: optional(flags['max-p95'], (text) =>
        parseDuration(text, { field: 'max-p95', minMs: 1, maxMs: 60_000 }),
      ),
      maxClickLoss: optional(flags['max-click-loss'], (text) =>
        parseShare(text, 'max-click-loss', 'zero too'),
      ),
      probationMs: parseDuration(flags.probation, { field: 'probation', ...hour }),
    },
    changes: {
      rollback: (reason, isSound, figures) => rollback({ dataDir, name, reason, isSound, figures }),
      startTrial: (trial, reason) => startTrial({ dataDir, name, reason, ...trial }),
      endTrial: (reason, figures, version) => endTrial({ dataDir, name, reason, figures, version }),
    },
  }
}

/** @throws RECSYS_USAGE */
function parseFallbacks(text: string): readonly Fallback[] {
  if (text === 'none') return []
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !fallbacks.some((known) => known === name))
  if (wrong !== undefined) {
    throw usage('fallback', `has ${JSON.stringify(wrong)}, expected none or some of ${fallbacks.join(', ')}`)
  }
  if (names.indexOf('events') > 0)
    throw usage('fallback', 'has events behind others, expected it first: the others always answer')
  return names as Fallback[]
}

/** @throws RECSYS_USAGE */
function tracingModule(path: string | undefined): string | undefined {
  if (path === undefined || existsSync(path)) return path
  throw usage('tracing', `there is no file ${path}`)
}

/** The address may hold a password and is not repeated. @throws RECSYS_USAGE */
function redisUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '') return text
  throw usage('cache', 'is not an address of a Redis, expected redis://host:6379, or rediss:// for TLS')
}

/** The lake's reader is heavy and most servers never need it. */
async function readFallback(dataDir: string) {
  const { popularFallback } = await import('../pipeline/popular-fallback.ts')
  return popularFallback(dataDir)
}

async function flushJournal(dataDir: string) {
  const { flushInThread } = await import('../pipeline/flush-in-thread.ts')
  return flushInThread(dataDir)
}

/** @throws RECSYS_USAGE for a file that cannot be read, is not PEM, or does not belong to the other one */
function readTls(certPath: string | undefined, keyPath: string | undefined): TlsFiles | undefined {
  if (certPath === undefined || keyPath === undefined) return undefined
  const [cert, key] = [readPem('tls-cert', certPath), readPem('tls-key', keyPath)]
  const certificate = parsed('tls-cert', certPath, () => new X509Certificate(cert))
  const privateKey = parsed('tls-key', keyPath, () => createPrivateKey(key))
  if (certificate.checkPrivateKey(privateKey)) return { cert, key }
  throw usage('tls-key', `${keyPath} is not the key of the certificate ${certPath}`)
}

function readPem(field: string, path: string): string {
  return parsed(field, path, () => readFileSync(path, 'utf8'))
}

function parsed<T>(field: string, path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw usage(field, `${path}: ${(cause as Error).message}, expected a file in PEM`)
  }
}

function usage(field: string, problem: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', { message: `--${field}: ${problem}`, field })
}
