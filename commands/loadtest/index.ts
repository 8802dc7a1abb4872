import { once } from 'node:events'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { showLoad } from '../../src/cli/load-display.ts'
import { loadReportTables } from '../../src/cli/load-tables.ts'
import { parseVersion } from '../../src/cli/version-text.ts'
import { requireGoals } from '../../src/loadtest/goals.ts'
import { runLoadTest } from '../../src/loadtest/load-test.ts'
import { requireWritable, writeReports } from '../../src/loadtest/report-files.ts'
import { loadScenario } from '../../src/loadtest/scenario/load-scenario.ts'
import { probeScenario } from '../../src/loadtest/scenario/probe.ts'
import type { ScenarioSource } from '../../src/loadtest/scenario/types.ts'
import { type LoadTestFlags, type LoadTestSettings, resolveSettings } from '../../src/loadtest/settings.ts'
import type { LoadReport } from '../../src/loadtest/types.ts'
import { maxUserIds, readUserIdsFile } from '../../src/loadtest/user-ids.ts'
import { attachLoadTest } from '../../src/pipeline/attach-load-test.ts'
import { feedTables } from '../../src/pipeline/feed-tables.ts'
import { readPopulation } from '../../src/pipeline/population.ts'
import { defaultModelName } from '../../src/registry/types.ts'

const usualUrl = 'http://127.0.0.1:8000'

export default class Loadtest extends BaseCommand {
  static override summary = 'put the load of many virtual users on a server and judge it by goals'

  static override description =
    `Every user asks, waits for the answer, thinks and asks again: three times in five for
recommendations, once for filtered ones, once for the server's health. Users are drawn from the lake, some far more often than others,
as in life (--ids). --scenario FILE asks something else, of any HTTP server: \`loadtest init\` writes one to begin with. Latencies are of
requests that succeeded. Exit code 3 when a goal is missed.`

  static override examples = [
    '<%= config.bin %> loadtest --users 100',
    '<%= config.bin %> loadtest --users 500 --spawn-rate 50 --run-time 5m --report load.html --report load.json',
    '<%= config.bin %> loadtest --goal "p95<20ms" --goal "rps>=300"',
    '<%= config.bin %> loadtest --scenario scenario.yaml --users 50',
    '<%= config.bin %> loadtest --ui    # start and stop on a page: http://127.0.0.1:8089',
    '<%= config.bin %> loadtest --attach 4    # then: promote --guard "p95LatencyMs <= 50"',
  ]

  static override flags = {
    users: Flags.integer({ description: 'virtual users', default: 100, min: 1, max: 20_000 }),
    'spawn-rate': Flags.integer({ description: 'users started a second', default: 10, min: 1, max: 10_000 }),
    rate: Flags.string({
      description:
        'open model: arrivals a second, due whether the server keeps up or not; --users serve them',
    }),
    arrivals: Flags.option({
      description:
        'with --rate: evenly spaced (constant, the default) or as of many people at random (poisson)',
      options: ['constant', 'poisson'] as const,
      dependsOn: ['rate'],
    })(),
    stages: Flags.string({
      description:
        'levels reached one after the other in a straight line, instead of --run-time: 30s:100,1m:500,30s:0; of users, or with --rate of arrivals a second',
    }),
    'run-time': Flags.string({
      description: 'how long, users starting included: 90s, 5m, 1h',
      default: '60s',
    }),
    url: Flags.string({ description: `server (default ${usualUrl}, or what the scenario says)` }),
    scenario: Flags.string({ description: 'what users ask: a YAML file or a module' }),
    ids: Flags.option({
      description: 'how users are drawn from the lake: zipf (default), a few of them very often, or uniform',
      options: ['zipf', 'uniform'] as const,
      exclusive: ['scenario'],
    })(),
    wait: Flags.string({
      description:
        'time a user thinks, seconds: uniform in A..B (default 0.1..0.5, or what the scenario says)',
    }),
    threads: Flags.integer({
      description: 'threads that send; more than one where one core is not enough for the load',
      default: 1,
      min: 1,
      max: 64,
    }),
    http2: Flags.boolean({
      description:
        'speak HTTP/2 with servers that offer it over TLS; one request at a time on a connection all the same',
      default: false,
    }),
    insecure: Flags.boolean({
      description: 'trust any certificate of a server',
      default: false,
      exclusive: ['ca'],
    }),
    ca: Flags.string({ description: 'certificates in PEM to trust instead of those of the system' }),
    timeout: Flags.string({ description: 'longest time one request may take', default: '5s' }),
    k: Flags.integer({ description: 'items asked for', char: 'k', default: 10, min: 1, max: 1000 }),
    goal: Flags.string({
      description:
        'replaces or adds a goal: p95<200ms (p50 … p99, max), success>99%, rps>=50; of one request recommendations:p99<50ms',
      multiple: true,
      default: [],
    }),
    'abort-on-fail': Flags.boolean({
      description: 'end the test when a goal of latency or success is missed for three seconds in a row',
      default: false,
    }),
    report: Flags.string({
      description: 'also write FILE.html, .json, .csv, .xml (JUnit) or .hgrm (HdrHistogram)',
      multiple: true,
      default: [],
    }),
    'user-ids': Flags.string({
      description: 'file of user ids, one a line, instead of the lake',
      exclusive: ['scenario'],
    }),
    attach: Flags.string({
      description: 'keep the result with this version, for a guard of promote; it alone may have answered',
    }),
    name: Flags.string({ description: 'name of the model of --attach', default: defaultModelName }),
    'allow-host': Flags.string({
      description: 'a host beyond this machine that may be loaded',
      multiple: true,
      default: [],
    }),
    ui: Flags.boolean({
      description: 'a live page on this machine instead: start, stop, more and fewer users, charts',
      default: false,
      exclusive: ['attach', 'stages', 'rate'],
    }),
    'ui-port': Flags.integer({
      description: 'port of the page; 0 takes a free one',
      default: 8089,
      min: 0,
      max: 65_535,
      dependsOn: ['ui'],
    }),
    seed: Flags.integer({ description: 'of what users ask and how long they think', default: 42 }),
  }

  async run(): Promise<LoadReport | undefined> {
    const { flags } = await this.parse(Loadtest)
    const version = parseVersion(flags.attach)
    await requireWritable(flags.report)
    const { settings, source } = await prepare(flags)
    if (flags.ui) return this.#live(flags, settings, source)
    const { update } = showLoad({ silent: flags.quiet })
    const signal = this.interruptSignal()
    const report = await runLoadTest({ ...settings, signal, onSecond: update }, source)
    await writeReports(report, flags.report)
    this.print(loadReportTables(report))
    // Before the goals: a version that misses them is not promoted by an older result.
    if (version !== undefined && !report.interrupted) {
      attachLoadTest({ dataDir: flags['data-dir'], name: flags.name, version, report })
    }
    requireGoals(report)
    return report
  }

  /** Tests are started and stopped on the page, until Ctrl-C. */
  async #live(
    flags: { readonly 'ui-port': number; readonly 'run-time': string; readonly report: readonly string[] },
    settings: LoadTestSettings,
    source: ScenarioSource,
  ): Promise<undefined> {
    const { LiveServer } = await import('../../src/loadtest/ui/live-server.ts')
    const signal = this.interruptSignal()
    const server = new LiveServer({
      port: flags['ui-port'],
      url: settings.url,
      scenario:
        source.kind === 'built-in' ? 'recommendations' : source.kind === 'file' ? source.path : source.url,
      given: { users: settings.users, spawnRate: settings.spawnRate, runTime: flags['run-time'] },
      run: async (asked, follow) => {
        const report = await runLoadTest({ ...settings, ...asked, ...follow }, source)
        await writeReports(report, flags.report)
        return report
      },
    })
    this.print(`Live page: ${await server.listen()}`)
    if (!signal.aborted) await once(signal, 'abort')
    await server.close()
  }
}

interface Question extends Omit<LoadTestFlags, 'url'> {
  readonly url?: string | undefined
  readonly 'data-dir': string
  readonly scenario?: string | undefined
  readonly ids?: 'zipf' | 'uniform' | undefined
  readonly 'user-ids'?: string | undefined
}

/** Everything that can be wrong is found before any load. */
async function prepare(
  flags: Question,
): Promise<{ readonly settings: LoadTestSettings; readonly source: ScenarioSource }> {
  if (flags.scenario === undefined) {
    const settings = resolveSettings({ ...flags, url: flags.url ?? usualUrl })
    const population = await readLoadPopulation(flags)
    return { settings, source: { kind: 'built-in', population, k: flags.k, ids: flags.ids ?? 'zipf' } }
  }
  const loaded = await loadScenario(flags.scenario, feedTables(flags['data-dir']))
  const settings = resolveSettings({ ...flags, url: flags.url ?? loaded.document.url ?? usualUrl })
  await probeScenario(loaded, settings)
  return { settings, source: loaded.source }
}

/** A file of users brings no items: its filtered requests vary excludeSeen alone. */
async function readLoadPopulation(flags: { 'data-dir': string; 'user-ids'?: string | undefined }) {
  const path = flags['user-ids']
  if (path === undefined) return readPopulation(flags['data-dir'], maxUserIds)
  return { userIds: await readUserIdsFile(path), categories: [], itemIds: [] }
}
