import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { schedulerBeside } from '../src/cli/scheduler-running.ts'
import { type ServeAnnouncement, serveAnnouncement, serveText } from '../src/cli/serve-announcement.ts'
import { serveOptions } from '../src/cli/serve-options.ts'
import { defaultModelName } from '../src/registry/types.ts'
import { logLevels } from '../src/serving/log.ts'
import { serve } from '../src/serving/serve.ts'

export default class Serve extends BaseCommand {
  static override summary = 'serve recommendations over HTTP from the model in production'

  static override description =
    `Prints where it listens when it does, then runs until it is told to stop (SIGTERM, Ctrl-C): it stops
accepting, finishes requests in flight and exits with 0; a second signal ends it at once. A promotion or rollback takes effect in the running
server. The dashboard is at /. Without a version in production it serves popular items from the lake, marked as such. Logs are JSON lines on
stderr. With --json the first and only line on stdout is one JSON document.`

  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve --host 0.0.0.0 --port 80 --threads 4',
    '<%= config.bin %> serve --canary 5% --max-p95 50ms --max-click-loss 20%',
    'RECSYS_ADMIN_TOKEN=secret <%= config.bin %> serve --log-level debug',
  ]

  static override flags = {
    host: Flags.string({ description: 'address to listen on', default: '127.0.0.1' }),
    port: Flags.integer({
      description: 'port to listen on; 0 takes a free one',
      default: 8000,
      min: 0,
      max: 65_535,
    }),
    threads: Flags.integer({
      description: 'request threads on the one port [default: one a core]',
      min: 1,
      max: 256,
    }),
    name: Flags.string({ description: "the registered model's name", default: defaultModelName }),
    'admin-token': Flags.string({
      description: 'token for the admin routes; without one they answer on loopback only',
      env: 'RECSYS_ADMIN_TOKEN',
    }),
    'tls-cert': Flags.string({
      description: 'certificate in PEM, with its chain: answer over TLS',
      dependsOn: ['tls-key'],
    }),
    'tls-key': Flags.string({ description: 'its private key in PEM', dependsOn: ['tls-cert'] }),
    'require-keys': Flags.boolean({
      description:
        'answer only requests with a key of `recsys keys create`; health and /openapi.json stay open',
      default: false,
    }),
    'rate-limit': Flags.integer({
      description: 'requests a second of one key, or without keys of one address; 0: no limit',
      default: 0,
      min: 0,
      max: 1_000_000,
    }),
    'poll-interval': Flags.string({
      description: 'time between two looks into the registry',
      default: '2s',
    }),
    'drain-timeout': Flags.string({
      description: 'how long requests in flight may take after the stop',
      default: '10s',
    }),
    'cache-size': Flags.integer({
      description: 'MiB of answers kept for equal requests; 0 keeps none',
      default: 64,
      min: 0,
      max: 65_536,
    }),
    'cache-ttl': Flags.string({
      description: 'how long a kept answer may be given',
      default: '1m',
    }),
    fallback: Flags.string({
      description:
        'what whoever the model does not know is given, in this order: events (by what they did since), trending (of late), popular; or none',
      default: 'events,trending,popular',
    }),
    cache: Flags.string({
      description:
        'address of a Redis, such as redis://127.0.0.1:6379, in which servers share their answers; they go on without it when it is away',
      env: 'RECSYS_CACHE',
    }),
    'flush-interval': Flags.string({
      description: 'at the latest this long after it was accepted, an event is in the lake',
      default: '1m',
    }),
    'flush-events': Flags.integer({
      description: 'so many accepted events are brought into the lake at once',
      default: 10_000,
      min: 1,
      max: 100_000,
    }),
    canary: Flags.string({
      description: 'share of the users, such as 5%, who get their answers from the version in staging',
      exclusive: ['shadow'],
    }),
    shadow: Flags.string({
      description:
        'share of the requests, such as 100%, that the version in staging is asked too; nobody sees its answers',
    }),
    'keep-warm': Flags.integer({
      description: 'former production versions that stay loaded, so that a rollback is instant',
      default: 1,
      min: 0,
      max: 20,
    }),
    'min-coverage': Flags.string({
      description: 'share of the users and items in service that a newer version has to know',
      default: '50%',
    }),
    'max-error-rate': Flags.string({
      description: 'share of server errors from which on a version is taken back',
      default: '5%',
    }),
    'max-p95': Flags.string({
      description: '95th percentile of its latency from which on a version is taken back, such as 50ms',
    }),
    'max-click-loss': Flags.string({
      description: 'share of the click-through, such as 20%, that a version may lose before it is taken back',
    }),
    probation: Flags.string({
      description: 'how long a promoted version is watched by these limits; 0 takes nothing back by itself',
      default: '10m',
    }),
    tracing: Flags.string({
      description:
        'JavaScript module that registers an OpenTelemetry SDK, run with your rights in every request thread: each request becomes a span',
    }),
    'with-scheduler': Flags.boolean({
      description: 'also run the commands of schedules when they are due, as `recsys scheduler` does',
      default: false,
    }),
    'log-level': Flags.option({
      description: 'least level that is logged; debug logs every request',
      default: 'info' as const,
      options: logLevels,
    })(),
  }

  /** Returns nothing: with `--json` the document is out as soon as the server listens. */
  async run(): Promise<void> {
    const { flags } = await this.parse(Serve)
    const signal = this.interruptSignal()
    const server = await serve(serveOptions(flags, signal))
    this.announce(serveAnnouncement(server))
    const scheduler = flags['with-scheduler']
      ? schedulerBeside(flags['data-dir'], flags['log-level'], signal)
      : undefined
    await server.stopped
    await scheduler
  }

  private announce(announcement: ServeAnnouncement): void {
    if (this.jsonEnabled()) this.logJson(announcement)
    else this.print(serveText(announcement))
  }
}
