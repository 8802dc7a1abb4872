import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { type EventsFlushed, flushEvents } from '../../src/pipeline/flush-events.ts'
import { bringRatings, type RatingsBrought } from '../../src/pipeline/lake-queries.ts'

export default class LakeFlush extends BaseCommand {
  static override summary = 'bring the events that servers have accepted into the lake'

  static override description =
    `A server does this by itself, by time and by number (see serve); this does it now, also while one runs. Every event gets into
the table events exactly once, whoever is killed at what moment. Ratings among the events become rows of interactions, which trainings
read, with --ratings: the last one of every user and item, within the scale that is there.`

  static override examples = ['<%= config.bin %> lake flush', '<%= config.bin %> lake flush --ratings --json']

  static override flags = {
    ratings: Flags.boolean({ description: 'also bring ratings into interactions', default: false }),
  }

  async run(): Promise<EventsFlushed & Partial<RatingsBrought>> {
    const { flags } = await this.parse(LakeFlush)
    const flushed = await flushEvents(flags['data-dir'])
    this.print(
      `${flushed.events} events brought into the lake; events is at version ${flushed.version ?? 'none'}`,
    )
    if (!flags.ratings) return flushed
    const brought = await bringRatings(flags['data-dir'])
    this.print(`${brought.ratings} new ratings; interactions is at version ${brought.interactionsVersion}`)
    return { ...flushed, ...brought }
  }
}
