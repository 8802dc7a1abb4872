import { type Database, literal } from '../duckdb.ts'

const maxIdBytes = 1024

/**
 * Codes the ids of good rows as integers in the order of the ids, in the tables `user_codes` and `item_codes`, and sets
 * aside the rows of ids that cannot be right. Looking at each id once is far cheaper than at each row.
 */
export async function codeIds(database: Database): Promise<void> {
  await createCodes(database)
  const nBad = (await rejectBadIds(database, 'user')) + (await rejectBadIds(database, 'item'))
  if (nBad > 0) await createCodes(database)
}

async function createCodes(database: Database): Promise<void> {
  for (const side of ['user', 'item']) {
    await database.run(`CREATE OR REPLACE TABLE ${side}_codes AS
      SELECT ${side}_id, CAST(row_number() OVER (ORDER BY ${side}_id) - 1 AS INTEGER) AS code
      FROM (SELECT DISTINCT ${side}_id FROM staged WHERE reason IS NULL)`)
  }
}

async function rejectBadIds(database: Database, side: 'user' | 'item'): Promise<number> {
  const id = `${side}_id`
  await database.run(`CREATE OR REPLACE TEMP TABLE bad_ids AS
    SELECT ${id}, CASE WHEN strlen(${id}) > ${maxIdBytes}
      THEN ${literal(`the ${side} id is longer than ${maxIdBytes} bytes`)}
      ELSE ${literal(`the ${side} id has control characters`)} END AS reason
    FROM ${side}_codes WHERE strlen(${id}) > ${maxIdBytes} OR regexp_matches(${id}, '[\\x00-\\x1f\\x7f]')`)
  const nBad = await database.value<number>('SELECT count(*) FROM bad_ids')
  if (nBad === 0) return 0
  await database.run(`UPDATE staged
    SET reason = bad_ids.reason, raw = left(concat_ws(' | ', staged.user_id, staged.item_id, rating), 500)
    FROM bad_ids WHERE staged.${id} = bad_ids.${id} AND staged.reason IS NULL`)
  return nBad
}
