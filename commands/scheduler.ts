import { BaseCommand } from '../src/cli/base-command.ts'
import { scheduler, schedulerLine } from '../src/cli/scheduler-running.ts'
import type { SchedulerNews } from '../src/flow/schedule/scheduler.ts'

export default class Scheduler extends BaseCommand {
  static override summary = 'run the commands of schedules when they are due, until it is stopped'

  static override description =
    `What \`schedule add\` has written down, and what was missed as each schedule says. It also sends what webhooks are owed. Stopped (SIGTERM,
Ctrl-C) it ends what it has started and exits with 0; when one is started again, those go on where they were. Several at once share the
work: every due time is taken by one of them. With --json each outcome is a line of JSON.`

  static override examples = ['<%= config.bin %> scheduler', '<%= config.bin %> serve --with-scheduler']

  async run(): Promise<void> {
    const { flags } = await this.parse(Scheduler)
    const signal = this.interruptSignal()
    if (!flags.quiet) this.logToStderr('waiting for what is due; stop with Ctrl-C')
    const tell = (news: SchedulerNews) => {
      if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify(news)}\n`)
      else this.print(schedulerLine(news))
    }
    await scheduler(flags['data-dir'], signal, tell, (message) => this.logToStderr(message)).run()
  }
}
