import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { exportScenario } from '../../src/loadtest/export/export-scenario.ts'
import { exportSettings } from '../../src/loadtest/export/export-settings.ts'
import { writeDurably } from '../../src/loadtest/report-files.ts'
import { loadBuiltIn } from '../../src/loadtest/scenario/built-in.ts'
import { loadScenario } from '../../src/loadtest/scenario/load-scenario.ts'
import { feedTables } from '../../src/pipeline/feed-tables.ts'

export default class LoadtestExport extends BaseCommand {
  static override summary = 'write a scenario as a script of k6 or Locust, which run on many machines'

  static override description =
    `The script has the weights, feeds, checks, carried values and think times of the scenario, the
load that the flags say, and the goals as thresholds. Rows of feeds are written beside it. Without --scenario it is the
built-in scenario with the users of the lake.`

  static override examples = [
    '<%= config.bin %> loadtest export --to k6 --scenario shop.yaml --out shop.js --rate 200',
    '<%= config.bin %> loadtest export --to locust --scenario shop.yaml --out locustfile.py --users 100',
  ]

  static override flags = {
    to: Flags.option({ description: 'the tool', options: ['k6', 'locust'] as const, required: true })(),
    scenario: Flags.string({
      description: 'YAML or module without functions (default: the built-in scenario)',
    }),
    out: Flags.string({ description: 'the script; stdout without it' }),
    url: Flags.string({ description: 'server (default: url of the scenario, or http://127.0.0.1:8000)' }),
    users: Flags.integer({ description: 'virtual users', default: 100, min: 1, max: 20_000 }),
    'spawn-rate': Flags.integer({ description: 'users started a second', default: 10, min: 1, max: 10_000 }),
    'run-time': Flags.string({ description: 'how long: 90s, 5m, 1h', default: '60s' }),
    rate: Flags.string({ description: 'tasks started a second, whatever the answers: an open model' }),
    stages: Flags.string({ description: 'levels of users, or of --rate, reached linearly: 30s:100,1m:500' }),
    wait: Flags.string({
      description: 'think time, seconds A..B (default: think of the scenario, or 0.1..0.5)',
    }),
    timeout: Flags.string({ description: 'longest time one request may take', default: '5s' }),
    goal: Flags.string({
      description: 'replaces or adds a goal: p95<200ms, success>99%',
      multiple: true,
      default: [],
    }),
    k: Flags.integer({ description: 'items asked for, built-in', char: 'k', default: 10, min: 1, max: 1000 }),
    ids: Flags.option({
      description: 'how often each user comes, built-in',
      options: ['zipf', 'uniform'] as const,
      default: 'uniform' as const,
    })(),
  }

  async run(): Promise<{ out: string | null; files: string[]; script?: string }> {
    const { flags } = await this.parse(LoadtestExport)
    const readers = feedTables(flags['data-dir'])
    const { scenario: path, out } = flags
    const scenario =
      path === undefined ? await loadBuiltIn(flags, readers) : await loadScenario(path, readers)
    const { script, files } = exportScenario(flags.to, {
      scenario,
      ...exportSettings(flags, scenario.document),
    })
    if (out === undefined) {
      this.print(script.trimEnd())
      return { out: null, files: [], script }
    }
    for (const file of files) await writeDurably(file.path, file.text)
    await writeDurably(out, script)
    this.print(
      `${out} is written. Run it with: ${flags.to === 'k6' ? `k6 run ${out}` : `locust -f ${out} --headless`}`,
    )
    return { out, files: files.map((file) => file.path) }
  }
}
