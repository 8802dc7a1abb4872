import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.ts'
import { renderTable } from '../src/cli/table.ts'
import { parseDuration } from '../src/loadtest/duration.ts'
import { collectGarbage, type Garbage } from '../src/pipeline/collect-garbage.ts'

export default class Gc extends BaseCommand {
  static override summary =
    'delete what nobody needs any more: models, old lake versions, runs, flows and their logs'

  static override description =
    `Never those of a version in production, in staging or on trial, nor of the versions that a rollback would go back to. Versions
whose files are gone stay in the registry, archived. Lake versions that a kept model was trained on stay readable. Old checkpoints and artifacts of
trainings that came to nothing go too, as do old runs without a version, runs of flows with their log lines, due times and messages. Look with
--dry-run first.`

  static override examples = [
    '<%= config.bin %> gc --dry-run',
    '<%= config.bin %> gc --older-than 240h --keep-newest 10',
  ]

  static override flags = {
    'older-than': Flags.string({ description: 'what is younger stays', default: '720h' }),
    'keep-newest': Flags.integer({
      description: 'newest versions of each model that stay whatever their age',
      default: 5,
      min: 0,
      max: 10_000,
    }),
    'keep-former': Flags.integer({
      description: 'former production versions that stay, for rollbacks',
      default: 3,
      min: 1,
      max: 1000,
    }),
    'dry-run': Flags.boolean({ description: 'delete nothing, say what would be', default: false }),
  }

  async run(): Promise<Garbage> {
    const { flags } = await this.parse(Gc)
    const garbage = await collectGarbage({
      dataDir: flags['data-dir'],
      keepFormer: flags['keep-former'],
      keepNewest: flags['keep-newest'],
      olderThanMs: parseDuration(flags['older-than'], {
        field: 'older-than',
        minMs: 0,
        maxMs: 10 * 366 * 86_400_000,
      }),
      dryRun: flags['dry-run'],
    })
    this.print(textOf(garbage))
    return garbage
  }
}

function textOf({ versions, leftovers, lake, records, bytes, deleted }: Garbage): string {
  const size = (n: number) => `${(n / 1e6).toFixed(1)} MB`
  const rows = [
    ...versions.map(({ name, version, path, bytes: own }) => [`${name} v${version}`, path, size(own)]),
    ...leftovers.map(({ path, bytes: own }) => ['of no version', path, size(own)]),
    ...lake.map(({ table, files, bytes: own }) => [
      'old lake versions',
      `${files} files of ${table}`,
      size(own),
    ]),
    ...(records.runs > 0 ? [['runs without a version', `${records.runs} in the registry`, '']] : []),
    ...(records.flowRuns > 0
      ? [['flow runs with their logs', `${records.flowRuns} in the registry`, '']]
      : []),
    ...(records.news > 0 ? [['due times and messages', `${records.news} in the registry`, '']] : []),
  ]
  if (rows.length === 0) return 'nothing to delete'
  return `${renderTable(['what', 'where', 'size'], rows)}\n${deleted ? 'deleted' : 'would delete'} ${size(bytes)}`
}
