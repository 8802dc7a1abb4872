import { Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { renderTable } from '../../src/cli/table.ts'
import { type DriftReport, measureDrift } from '../../src/pipeline/drift.ts'
import { defaultModelName } from '../../src/registry/types.ts'

export default class ModelsDrift extends BaseCommand {
  static override summary = 'how far users have moved from what the newest version was trained on'

  static override description =
    `New rows and events since its training, and the population stability index (PSI) of item popularity and of ratings: below 0.1
nothing to speak of, above 0.25 a shift. What \`schedule add --when\` judges by.`

  static override examples = [
    '<%= config.bin %> models drift',
    '<%= config.bin %> models drift --name films --json',
  ]

  static override flags = {
    name: Flags.string({ description: 'name of the registered model', default: defaultModelName }),
  }

  async run(): Promise<DriftReport> {
    const { flags } = await this.parse(ModelsDrift)
    const report = await measureDrift({ dataDir: flags['data-dir'], name: flags.name })
    this.print(textOf(report))
    return report
  }
}

function textOf({ name, version, interactions, events, psi }: DriftReport): string {
  if (version === null || interactions === null) return `${name} has no versions: nothing was learnt yet`
  const { trained, now } = interactions
  return [
    `since ${name} v${version} was trained`,
    renderTable(
      ['what', 'value'],
      [
        ['interactions', `${now - trained} more than ${trained.toLocaleString('en-US')}`],
        ['events', events.toLocaleString('en-US')],
        ['popularity, PSI', psi.popularity ?? 'too few events'],
        ['ratings, PSI', psi.ratings ?? 'too few events'],
      ],
    ),
  ].join('\n')
}
