import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { newSchedule, splitCommand } from '../../src/cli/schedule-options.ts'
import { scheduleText } from '../../src/cli/schedule-tables.ts'
import { addSchedule } from '../../src/pipeline/schedules.ts'
import type { Schedule } from '../../src/registry/schedule-types.ts'

export default class ScheduleAdd extends BaseCommand {
  static override summary = 'run a command by itself: at times, and only when something has changed'

  static override description =
    `TIMES are minute, hour, day of the month, month and weekday. \`recsys scheduler\`, or \`serve --with-scheduler\`, runs what is due. Flags of
the schedule stand before the command, those of the command behind it. A time that daylight saving skips is due when the clock has jumped; one
that comes twice is due once.`

  static override examples = [
    '<%= config.bin %> schedule add "0 3 * * *" retrain --algos svd,als',
    '<%= config.bin %> schedule add "0 3 * * *" --tz Europe/Berlin --missed skip --name nightly retrain',
    '<%= config.bin %> schedule add "*/10 * * * *" --when "interactions grew by 5%" retrain',
    '<%= config.bin %> schedule add "@hourly" --when "popularity drifted by 0.2" flow run nightly.yaml',
  ]

  static override args = {
    times: Args.string({
      description: 'when: five fields of cron, six with seconds, or @daily and the like',
      required: true,
    }),
  }

  static override flags = {
    name: Flags.string({ description: 'what it is called (default: after the command)' }),
    tz: Flags.string({
      description: 'time zone of the times, such as Europe/Berlin (default: that of the machine)',
    }),
    when: Flags.string({
      description:
        'also only if: "interactions grew by 5%", "events grew by 1000", "popularity drifted by 0.2", "ratings drifted by 0.2", since the newest version was trained',
    }),
    missed: Flags.option({
      description:
        'times at which no scheduler was there: skip them, run once for all of them, or once for each',
      options: ['skip', 'once', 'all'] as const,
      default: 'once' as const,
    })(),
    overlap: Flags.option({
      description: 'while the run before is going on: skip this one, queue it, or replace that one by it',
      options: ['skip', 'queue', 'replace'] as const,
      default: 'skip' as const,
    })(),
  }

  async run(): Promise<Schedule> {
    const [own, command] = splitCommand(this.argv)
    const { args, flags } = await this.parse(ScheduleAdd, own)
    const schedule = addSchedule(flags['data-dir'], newSchedule(args.times, command, flags))
    this.print(scheduleText(schedule))
    return schedule
  }
}
