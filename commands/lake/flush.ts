import { BaseCommand } from '../../src/cli/base-command.ts'
import { type EventsFlushed, flushEvents } from '../../src/pipeline/flush-events.ts'

export default class LakeFlush extends BaseCommand {
  static override summary = 'bring the events that servers have accepted into the lake'

  static override description =
    `A server does this by itself, by time and by number (see serve); this does it now, also while one runs. Every event gets into
the table events exactly once, whoever is killed at what moment.`

  static override examples = ['<%= config.bin %> lake flush', '<%= config.bin %> lake flush --json']

  async run(): Promise<EventsFlushed> {
    const { flags } = await this.parse(LakeFlush)
    const flushed = await flushEvents(flags['data-dir'])
    this.print(
      `${flushed.events} events brought into the lake; events is at version ${flushed.version ?? 'none'}`,
    )
    return flushed
  }
}
