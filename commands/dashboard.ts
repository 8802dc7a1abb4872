import { once } from 'node:events'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { dashboardData } from '../src/cli/serve-options.ts'
import { startDashboard } from '../src/dashboard/start-dashboard.ts'
import { defaultModelName } from '../src/registry/types.ts'
import { serveDashboard } from '../src/serving/dashboard-server.ts'

export default class Dashboard extends BaseCommand {
  static override summary =
    'the dashboard without a server: models, runs, flows, data, load tests; try models out'

  static override description =
    `Prints where it is, then runs until it is stopped (Ctrl-C). \`recsys serve\` has the same page at /, with live figures of the
server. From this machine everybody may look; changes need the admin token where there is one. The JSON API behind the page is described at
/docs and /openapi.json.`

  static override examples = [
    '<%= config.bin %> dashboard',
    '<%= config.bin %> dashboard --port 9000 --name films',
  ]

  static override flags = {
    host: Flags.string({ description: 'address to listen on', default: '127.0.0.1' }),
    port: Flags.integer({
      description: 'port to listen on; 0 takes a free one',
      default: 8001,
      min: 0,
      max: 65_535,
    }),
    name: Flags.string({ description: "the registered model's name", default: defaultModelName }),
    'admin-token': Flags.string({
      description:
        'token for changes, and for looking from elsewhere; without one both are for this machine alone',
      env: 'RECSYS_ADMIN_TOKEN',
    }),
  }

  /** Returns nothing: with `--json` the document is out as soon as the page is there. */
  async run(): Promise<void> {
    const { flags } = await this.parse(Dashboard)
    const signal = this.interruptSignal()
    const server = await serveDashboard({
      ...{ host: flags.host, port: flags.port, adminToken: flags['admin-token'] },
      start: () => startDashboard(dashboardData(flags['data-dir'], flags.name)),
    })
    if (this.jsonEnabled()) this.logJson({ url: server.url })
    else this.print(`Dashboard: ${server.url}`)
    if (!signal.aborted) await once(signal, 'abort')
    await server.stop()
  }
}
