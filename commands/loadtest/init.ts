import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { harSummary } from '../../src/cli/har-summary.ts'
import { moduleExample, yamlExample } from '../../src/loadtest/scenario/examples.ts'
import { importHar } from '../../src/loadtest/scenario/har-import.ts'
import { isModuleFile, requireScenarioEnding } from '../../src/loadtest/scenario/load-scenario.ts'
import { writeNewFile } from '../../src/loadtest/scenario/new-file.ts'

export default class LoadtestInit extends BaseCommand {
  static override summary = 'write a commented scenario for `loadtest --scenario`, or make one of a recording'

  static override description =
    `The example runs as it is against \`recsys serve\`. A recording (HAR, as browsers save it)
becomes one task with the requests to one host in their order. Nothing is overwritten.`

  static override examples = [
    '<%= config.bin %> loadtest init',
    '<%= config.bin %> loadtest init scenario.mjs',
    '<%= config.bin %> loadtest init --from-har visit.har --to visit.yaml',
  ]

  static override args = {
    file: Args.string({
      description: 'FILE.yaml or a module, FILE.ts, .js or .mjs (default: scenario.yaml)',
    }),
  }

  static override flags = {
    to: Flags.string({ description: 'the same as FILE' }),
    'from-har': Flags.string({ description: 'a recording to make the scenario of' }),
    'keep-credentials': Flags.boolean({
      description: 'keep cookies, authorization and other headers with secrets of the recording',
      dependsOn: ['from-har'],
    }),
  }

  async run(): Promise<{ file: string } & Record<string, unknown>> {
    const { args, flags } = await this.parse(LoadtestInit)
    const file = flags.to ?? args.file ?? 'scenario.yaml'
    requireScenarioEnding(file, 'FILE')
    if (flags['from-har'] !== undefined)
      return this.#importHar(flags['from-har'], file, flags['keep-credentials'] === true)
    await writeNewFile(file, isModuleFile(file) ? moduleExample : yamlExample)
    this.print(`${file} is written. Run it with: recsys loadtest --scenario ${file}`)
    return { file }
  }

  async #importHar(har: string, file: string, keepCredentials: boolean) {
    const { text, ...imported } = await importHar(har, { keepCredentials })
    await writeNewFile(file, text)
    this.print(harSummary(file, imported))
    return { file, ...imported }
  }
}
