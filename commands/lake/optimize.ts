import { BaseCommand } from '../../src/cli/base-command.ts'
import { type Optimized, optimizeEvents } from '../../src/pipeline/lake-queries.ts'

export default class LakeOptimize extends BaseCommand {
  static override summary = 'merge the small files of the table events into one'

  static override description =
    `Every flush of a server adds a file; a few large ones are read faster. The rows stay the same, also while servers flush. The old
files stay for readers of older versions until \`recsys lake vacuum events\`.`

  static override examples = ['<%= config.bin %> lake optimize']

  async run(): Promise<Optimized> {
    const { flags } = await this.parse(LakeOptimize)
    const optimized = await optimizeEvents(flags['data-dir'])
    const { filesBefore, filesAfter, version } = optimized
    this.print(`events is at version ${version}: ${filesBefore} files before, ${filesAfter} now`)
    return optimized
  }
}
