import { existsSync } from 'node:fs'
import { journalPath } from '../../registry/event-journal.ts'
import { digestToken } from '../http/admin-access.ts'
import { defaultLimits } from '../http/app.ts'
import type { LiveReport } from '../live-report.ts'
import { createLog, type Logger } from '../log.ts'
import type { Answer, Question, SharedTrial } from '../messages.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import type {
  CommandOutcome,
  ModelChanges,
  ModelCommand,
  ReloadOutcome,
  RunningServer,
  ServeOptions,
  ServerStatus,
  TrafficTally,
  TrialState,
  VersionTally,
} from '../types.ts'
import { DashboardDesk } from './dashboard-desk.ts'
import { describe } from './describe-failure.ts'
import { DoorbellWatch } from './doorbell-watch.ts'
import { EventStore } from './event-store.ts'
import { KnownKeys } from './known-keys.ts'
import { LiveHistory } from './live-history.ts'
import { ModelReloader } from './model-reloader.ts'
import { NewItemsThread } from './new-items-thread.ts'
import { canSharePort, refusePortInUse, takeTurnAtPort, urlHost } from './port.ts'
import { ReleaseGuard } from './release-guard.ts'
import { RequestThreads, type RequestThreadsOptions } from './request-threads.ts'
import { cacheLookups, SupervisorMetrics } from './supervisor-metrics.ts'
import { WarmModels } from './warm-models.ts'

/** Holds the parts of a running server together: request threads, the watch of the registry, the reloader, the state. */
export class Supervisor implements RunningServer {
  readonly stopped: Promise<void>
  readonly #options: ServeOptions
  readonly #log: Logger
  readonly #metrics: SupervisorMetrics
  readonly #reloader: ModelReloader
  readonly #events: EventStore
  readonly #keys: KnownKeys
  readonly #warm: WarmModels
  readonly #guard: ReleaseGuard
  readonly #newItems: NewItemsThread
  readonly #live: LiveHistory
  readonly #dashboard: DashboardDesk
  readonly #stop = new AbortController()
  readonly #stopped = Promise.withResolvers<void>()
  #threads!: RequestThreads
  #watch: DoorbellWatch | undefined
  #status: ServerStatus

  static async start(options: ServeOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options)
    await supervisor.#listen()
    supervisor.#obeySignal()
    await supervisor.#watchProduction()
    return supervisor
  }

  private constructor(options: ServeOptions) {
    this.#options = options
    this.#log = createLog(options.logLevel, 'main')
    this.#status = initialStatus(options)
    this.#metrics = new SupervisorMetrics(() => this.#status)
    this.stopped = this.#stopped.promise
    this.#keys = new KnownKeys(options.dataDir, this.#log)
    this.#events = new EventStore({ ...options.events, dataDir: options.dataDir, log: this.#log })
    const { dataDir, release, events } = options
    this.#newItems = new NewItemsThread({
      dataDir,
      intervalMs: events.newItemsMs,
      log: this.#log,
      onFound: (items) => this.#threads.useNewItems(items),
    })
    this.#warm = new WarmModels(dataDir, options.nThreads, this.#stop.signal)
    this.#guard = new ReleaseGuard({
      release,
      log: this.#log,
      status: () => this.#status,
      onChange: () => void this.#reloader.check('doorbell'),
    })
    this.#dashboard = new DashboardDesk(options.dashboard, (news) => this.#threads.tellNews(news))
    this.#live = new LiveHistory(() => this.#dashboard.secondPassed())
    this.#reloader = new ModelReloader({
      ...options,
      retryMs: options.pollIntervalMs,
      warm: this.#warm,
      log: this.#log,
      signal: this.#stop.signal,
      changeOver: (model) => this.#changeOver(model),
      changeTrial: (trial) => this.#changeTrial(trial),
      onOutcome: (outcome) => this.#record(outcome),
      onTrial: (trial) => this.#recordTrial(trial),
    })
  }

  get port(): number {
    return this.#threads.port
  }

  get url(): string {
    return `${this.#options.tls ? 'https' : 'http'}://${urlHost(this.#options.host)}:${this.port}`
  }

  get threads(): RequestThreads {
    return this.#threads
  }

  status(): ServerStatus {
    return this.#status
  }

  reload(): Promise<ReloadOutcome> {
    return this.#reloader.check('admin')
  }

  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return this.stopped
    this.#stop.abort()
    this.#log.info({ drainTimeoutMs: this.#options.drainTimeoutMs }, 'draining')
    this.#watch?.close()
    this.#guard.stop()
    this.#live.stop()
    await this.#dashboard.stop()
    await this.#newItems.stop()
    await this.#threads.stop(this.#options.drainTimeoutMs)
    await this.#events.stop()
    this.#log.info('stopped')
    this.#stopped.resolve()
  }

  async #listen(): Promise<void> {
    const { host, port } = this.#options
    const nThreads = await this.#possibleThreads()
    const start = () => RequestThreads.start(this.#threadOptions(nThreads))
    this.#tell({ nThreads })
    // A single thread binds the port for itself, and whoever has it already makes that fail.
    if (nThreads === 1 || port === 0) this.#threads = await start()
    else {
      this.#threads = await takeTurnAtPort(port, async () => {
        await refusePortInUse(host, port)
        return start()
      })
    }
    this.#log.info({ url: this.url, nThreads }, 'listening')
  }

  async #possibleThreads(): Promise<number> {
    const { nThreads, host } = this.#options
    if (nThreads === 1 || (await canSharePort(host))) return nThreads
    this.#log.warn({ nThreads }, 'threads cannot share a port on this system: serving with one')
    return 1
  }

  #threadOptions(nThreads: number): RequestThreadsOptions {
    const { host, port, adminToken, logLevel, cache, keysRequired, requestsPerSecond, strangers } =
      this.#options
    if (keysRequired) this.#keys.refresh(() => undefined)
    return {
      nThreads,
      log: this.#log,
      status: this.#status,
      keys: this.#keys.present,
      data: {
        host,
        port,
        logLevel,
        reusePort: nThreads > 1,
        adminToken: adminToken === undefined ? undefined : digestToken(adminToken),
        dataDir: this.#options.dataDir,
        tls: this.#options.tls,
        keysRequired,
        strangers,
        tracing: this.#options.tracing,
        limits: { ...defaultLimits, requestsPerSecond: requestsPerSecond / nThreads },
        cache: { ...cache, maxBytes: Math.floor(cache.maxBytes / nThreads) },
      },
      answer: (question) => this.#answer(question),
      storeEvents: async (events) => {
        const result = await this.#events.store(events)
        this.#guard.recordEvents(events, result)
        this.#newItems.eventsCame()
        return result
      },
      tally: (tallies, traffic) => this.#tally(tallies, traffic),
      onListeners: () => this.#dashboard.listenersAre(this.#threads.nListeners),
      onRestart: () => {
        this.#metrics.countRestart()
        this.#tell({ threadRestarts: this.#status.threadRestarts + 1 })
      },
    }
  }

  #obeySignal(): void {
    const { signal } = this.#options
    if (signal?.aborted) void this.stop()
    signal?.addEventListener('abort', () => void this.stop(), { once: true })
  }

  async #watchProduction(): Promise<void> {
    if (this.#stop.signal.aborted) return
    const { dataDir, pollIntervalMs } = this.#options
    // First the watch, then the look: what happens in between is not lost.
    this.#watch = new DoorbellWatch(dataDir, pollIntervalMs, this.#log, (by) => this.#onRing(by))
    await this.#reloader.check('start')
    if (existsSync(journalPath(dataDir))) this.#newItems.eventsCame()
  }

  #onRing(by: 'doorbell' | 'poll'): void {
    if (this.#options.keysRequired) this.#keys.refresh((keys) => this.#threads.useKeys(keys))
    void this.#reloader.check(by)
  }

  async #answer(question: Question): Promise<Answer> {
    switch (question) {
      case 'reload':
        return this.reload()
      case 'scrape':
        return this.#metrics.text(await this.#threads.snapshots())
      case 'versions':
        return this.#guard.report()
      case 'live':
        return this.#liveReport()
      default:
        return question.type === 'dashboard' ? this.#dashboard.ask(question) : this.#carryOut(question)
    }
  }

  async #liveReport(): Promise<LiveReport> {
    const cache = cacheLookups(await this.#threads.snapshots())
    return { status: this.#status, seconds: this.#live.seconds, versions: this.#guard.report(), cache }
  }

  /** What the registry then says comes into service before the admin is told. */
  async #carryOut(command: ModelCommand): Promise<CommandOutcome> {
    const { changes } = this.#options.release
    try {
      const { version } = await carryOut(command, changes, this.#status.warmVersions)
      this.#log.info({ ...command, version }, 'an admin has changed the registry')
      await this.reload()
      return { done: true, version }
    } catch (error) {
      return { done: false, ...describe(error) }
    }
  }

  /** A version that was on trial and is in production now is no longer beside itself. */
  async #changeOver(model: SharedModel): Promise<void> {
    const trial = this.#threads.lineUp?.trial ?? null
    await this.#threads.changeOver({ model, trial: trial?.model.key === model.key ? null : trial })
    this.#newItems.follow(model)
  }

  async #changeTrial(trial: SharedTrial | null): Promise<void> {
    const { lineUp } = this.#threads
    if (lineUp) await this.#threads.changeOver({ ...lineUp, trial })
  }

  #tally(tallies: ReadonlyMap<number, VersionTally>, traffic: TrafficTally): void {
    this.#guard.record(tallies)
    this.#live.record(traffic)
    const given = [...tallies].map(([version, { recommendations }]) => [version, recommendations] as const)
    this.#events.countRecommendations(new Map(given.filter(([, count]) => count > 0)))
  }

  #recordTrial(trial: TrialState | null): void {
    if (trial && trial.failure === null) this.#guard.wentOnTrial(trial.version)
    this.#tell({ trial })
  }

  #record(outcome: ReloadOutcome): void {
    this.#metrics.countReload(outcome)
    const { reloads, model: former } = this.#status
    if (outcome.outcome === 'unchanged') this.#tell({ failure: null })
    else if (outcome.outcome === 'failed') {
      this.#tell({ failure: outcome.failure, reloads: { ...reloads, failed: reloads.failed + 1 } })
    } else {
      this.#guard.cameIntoService(outcome.model.version, former?.version ?? null)
      this.#tell({
        model: outcome.model,
        modelSince: new Date().toISOString(),
        lastLoad: outcome.load,
        failure: null,
        reloads: { ...reloads, swapped: reloads.swapped + 1 },
      })
    }
  }

  #tell(news: Partial<ServerStatus>): void {
    const { model, trial } = { ...this.#status, ...news }
    const inUse = [model?.version, trial?.version]
    const warmVersions = this.#warm.versions().filter((version) => !inUse.includes(version))
    this.#status = { ...this.#status, ...news, warmVersions }
    this.#threads?.tell(this.#status)
  }
}

function initialStatus({ modelName, nThreads }: ServeOptions): ServerStatus {
  return {
    startedAt: new Date().toISOString(),
    modelName,
    model: null,
    modelSince: null,
    lastLoad: null,
    failure: null,
    reloads: { swapped: 0, failed: 0 },
    nThreads,
    threadRestarts: 0,
    trial: null,
    warmVersions: [],
  }
}

async function carryOut(
  command: ModelCommand,
  changes: ModelChanges,
  warmVersions: readonly number[],
): Promise<{ readonly version: number | null }> {
  const { reason } = command
  switch (command.type) {
    case 'rollback':
      return changes.rollback(reason, warmVersions.length > 0, {})
    case 'start-trial':
      return changes.startTrial(command.trial, reason)
    case 'end-trial':
      return (await changes.endTrial(reason, {}, undefined)) ?? { version: null }
  }
}
