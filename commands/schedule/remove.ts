import { Args } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { removeSchedule } from '../../src/pipeline/schedules.ts'
import type { Schedule } from '../../src/registry/schedule-types.ts'

export default class ScheduleRemove extends BaseCommand {
  static override summary = 'remove a schedule; what it has started goes on'

  static override examples = ['<%= config.bin %> schedule remove nightly']

  static override args = { name: Args.string({ description: 'its name', required: true }) }

  async run(): Promise<Schedule> {
    const { args, flags } = await this.parse(ScheduleRemove)
    const schedule = removeSchedule(flags['data-dir'], args.name)
    this.print(`${schedule.name} was removed`)
    return schedule
  }
}
