import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { scheduleText } from '../../src/cli/schedule-tables.ts'
import { nextDue } from '../../src/flow/schedule/cron.ts'
import { pauseSchedule } from '../../src/pipeline/schedules.ts'
import type { Schedule } from '../../src/registry/schedule-types.ts'

export default class SchedulePause extends BaseCommand {
  static override summary = 'let due times of a schedule pass unheeded'

  static override examples = ['<%= config.bin %> schedule pause nightly']

  static override args = { name: Args.string({ description: 'its name', required: true }) }

  async run(): Promise<Schedule> {
    const { args, flags } = await this.parse(SchedulePause)
    const schedule = pauseSchedule(flags['data-dir'], args.name, true, (each) => nextDue(each, new Date()))
    this.print(scheduleText(schedule))
    return schedule
  }
}
