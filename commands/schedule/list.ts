import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { scheduleTables } from '../../src/cli/schedule-tables.ts'
import { type ScheduleList as List, listSchedules } from '../../src/pipeline/schedules.ts'

export default class ScheduleList extends BaseCommand {
  static override summary = 'list the schedules, when each is due, and what became of the last due times'

  static override examples = ['<%= config.bin %> schedule list', '<%= config.bin %> schedule list --json']

  static override flags = {
    limit: Flags.integer({ description: 'due times that are shown', default: 10, min: 0, max: 100_000 }),
  }

  async run(): Promise<List> {
    const { flags } = await this.parse(ScheduleList)
    const list = listSchedules(flags['data-dir'], flags.limit)
    this.print(scheduleTables(list))
    return list
  }
}
