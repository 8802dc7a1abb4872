import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { scheduleText } from '../../src/cli/schedule-tables.ts'
import { nextDue } from '../../src/flow/schedule/cron.ts'
import { pauseSchedule } from '../../src/pipeline/schedules.ts'
import type { Schedule } from '../../src/registry/schedule-types.ts'

export default class ScheduleResume extends BaseCommand {
  static override summary = 'let a paused schedule go on with its next due time'

  static override examples = ['<%= config.bin %> schedule resume nightly']

  static override args = { name: Args.string({ description: 'its name', required: true }) }

  async run(): Promise<Schedule> {
    const { args, flags } = await this.parse(ScheduleResume)
    const schedule = pauseSchedule(flags['data-dir'], args.name, false, (each) => nextDue(each, new Date()))
    this.print(scheduleText(schedule))
    return schedule
  }
}
