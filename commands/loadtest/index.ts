import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { showLoad } from '../../src/cli/load-display.ts'
import { loadReportTables } from '../../src/cli/load-tables.ts'
import { requireGoals } from '../../src/loadtest/goals.ts'
import { runLoadTest } from '../../src/loadtest/load-test.ts'
import { requireWritable, writeReports } from '../../src/loadtest/report-files.ts'
import { resolveSettings } from '../../src/loadtest/settings.ts'
import type { LoadReport } from '../../src/loadtest/types.ts'
import { maxUserIds, readUserIdsFile } from '../../src/loadtest/user-ids.ts'
import { readPopulation } from '../../src/pipeline/population.ts'

export default class Loadtest extends BaseCommand {
  static override summary =
    'put the load of many virtual users on a recommendation server and judge it by goals'

  static override description =
    `Every user asks, waits for the answer, thinks and asks again: three times in five for
recommendations, once for filtered ones, once for the server's health. Users are drawn from the lake. Latencies are of
requests that succeeded. Exit code 3 when a goal is missed.`

  static override examples = [
    '<%= config.bin %> loadtest --users 100',
    '<%= config.bin %> loadtest --users 500 --spawn-rate 50 --run-time 5m --report load.html --report load.json',
    '<%= config.bin %> loadtest --goal "p95<20ms" --goal "rps>=300"',
  ]

  static override flags = {
    users: Flags.integer({ description: 'virtual users', default: 100, min: 1, max: 20_000 }),
    'spawn-rate': Flags.integer({ description: 'users started a second', default: 10, min: 1, max: 10_000 }),
    'run-time': Flags.string({
      description: 'how long, users starting included: 90s, 5m, 1h',
      default: '60s',
    }),
    url: Flags.string({ description: 'server', default: 'http://127.0.0.1:8000' }),
    wait: Flags.string({ description: 'time a user thinks, seconds: uniform in A..B', default: '0.1..0.5' }),
    timeout: Flags.string({ description: 'longest time one request may take', default: '5s' }),
    k: Flags.integer({ description: 'items asked for', char: 'k', default: 10, min: 1, max: 1000 }),
    goal: Flags.string({
      description: 'replaces or adds a goal: p95<200ms (p50 … p99, max), success>99%, rps>=50',
      multiple: true,
      default: [],
    }),
    report: Flags.string({ description: 'also write FILE.html, .json or .csv', multiple: true, default: [] }),
    'user-ids': Flags.string({ description: 'file of user ids, one a line, instead of the lake' }),
    'allow-host': Flags.string({
      description: 'a host beyond this machine that may be loaded',
      multiple: true,
      default: [],
    }),
    seed: Flags.integer({ description: 'of what users ask and how long they think', default: 42 }),
  }

  async run(): Promise<LoadReport> {
    const { flags } = await this.parse(Loadtest)
    const settings = resolveSettings(flags)
    await requireWritable(flags.report)
    const population = await readLoadPopulation(flags)
    const { update } = showLoad({ silent: flags.quiet })
    const signal = this.interruptSignal()
    const report = await runLoadTest({ ...settings, population, signal, onSecond: update })
    await writeReports(report, flags.report)
    this.print(loadReportTables(report))
    requireGoals(report)
    return report
  }
}

/** A file of users brings no items: its filtered requests vary excludeSeen alone. */
async function readLoadPopulation(flags: { 'data-dir': string; 'user-ids'?: string | undefined }) {
  const path = flags['user-ids']
  if (path === undefined) return readPopulation(flags['data-dir'], maxUserIds)
  return { userIds: await readUserIdsFile(path), categories: [], itemIds: [] }
}
