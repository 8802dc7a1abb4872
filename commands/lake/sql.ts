import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { queryText } from '../../src/cli/lake-tables.ts'
import { type QueryResult, queryTables } from '../../src/pipeline/lake-queries.ts'

export default class LakeSql extends BaseCommand {
  static override summary = 'ask the tables of the lake with SQL'

  static override description =
    `The latest versions of interactions, items, users and events are there under their names, in DuckDB's SQL. Nothing is
changed: the tables are copies in memory, and other files are out of reach.`

  static override examples = [
    "<%= config.bin %> lake sql 'SELECT rating, count(*) FROM interactions GROUP BY ALL ORDER BY 1'",
    "<%= config.bin %> lake sql 'SELECT type, count(*) FROM events GROUP BY ALL' --json",
  ]

  static override args = {
    query: Args.string({ description: 'a SELECT', required: true }),
  }

  static override flags = {
    limit: Flags.integer({ description: 'at most so many rows', default: 100, min: 1, max: 1_000_000 }),
  }

  async run(): Promise<QueryResult> {
    const { args, flags } = await this.parse(LakeSql)
    const result = await queryTables(flags['data-dir'], args.query, flags.limit)
    this.print(queryText(result))
    return result
  }
}
