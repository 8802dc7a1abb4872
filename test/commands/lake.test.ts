import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import LakeFlush from '../../commands/lake/flush.ts'
import LakeHistory from '../../commands/lake/history.ts'
import LakeSql from '../../commands/lake/sql.ts'
import { EventJournal } from '../../src/registry/event-journal.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
import { sampleLake } from '../helpers/sample-lake.ts'

function storeClick(dataDir: string): void {
  const journal = new EventJournal(dataDir)
  const click = {
    id: 'a',
    userId: 'u1',
    itemId: 'i1',
    type: 'click',
    value: null,
    weight: 2,
    timestamp: 1000,
  } as const
  journal.append([[{ ...click, sessionId: null, recommendationId: 'v2.x.1', modelVersion: 2 }]])
  journal.close()
}

describe('recsys lake', () => {
  test('sql answers from the latest versions, as a table and as JSON', async () => {
    const dataDir = await sampleLake()
    const query = 'SELECT count(*) AS n, max(rating) AS best FROM interactions'
    const shown = await runCommand(LakeSql, [query, '--data-dir', dataDir])
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/n .*best/) })
    const { stdout } = await runCommand(LakeSql, [query, '--data-dir', dataDir, '--json'])
    const { columns, rows, truncated } = JSON.parse(stdout)
    expect({ columns, truncated }).toEqual({ columns: ['n', 'best'], truncated: false })
    expect(Number(rows[0][0])).toBeGreaterThan(1000)
    const cut = await runCommand(LakeSql, ['FROM items', '--limit', '2', '--data-dir', dataDir, '--json'])
    expect(JSON.parse(cut.stdout)).toMatchObject({
      truncated: true,
      rows: [expect.any(Array), expect.any(Array)],
    })
  })

  test('sql reaches no other file and says what is wrong with a query', async () => {
    const dataDir = await sampleLake()
    const secret = join(dataDir, 'registry.db')
    for (const query of [
      `SELECT * FROM read_text('${secret}')`,
      `COPY (SELECT 1) TO '${join(dataDir, 'written')}'`,
      'SET enable_external_access = true',
      'SELECT nothing FROM interactions',
    ]) {
      const { exitCode, stderr } = await runCommand(LakeSql, [query, '--data-dir', dataDir])
      expect({ query, exitCode }).toEqual({ query, exitCode: 2 })
      expect(stderr).toContain('RECSYS_LAKE_QUERY')
    }
  })

  test('flush brings accepted events into the lake, where history and sql see them', async () => {
    const dataDir = temporaryDirectory()
    storeClick(dataDir)
    const first = await runCommand(LakeFlush, ['--data-dir', dataDir, '--json'])
    expect(JSON.parse(first.stdout)).toEqual({ version: 0, events: 1, pruned: 0 })
    const again = await runCommand(LakeFlush, ['--data-dir', dataDir])
    expect(again.stdout).toBe('0 events brought into the lake; events is at version 0\n')
    const history = await runCommand(LakeHistory, ['events', '--data-dir', dataDir, '--json'])
    expect(JSON.parse(history.stdout).versions).toMatchObject([{ version: 0, rowsAdded: 1, filesAdded: 1 }])
    const query = 'SELECT user_id, type, model_version FROM events'
    const { stdout } = await runCommand(LakeSql, [query, '--data-dir', dataDir, '--json'])
    expect(JSON.parse(stdout).rows).toEqual([['u1', 'click', 2]])
  })

  test.each([
    [LakeSql, ['SELECT 1']],
    [LakeHistory, []],
  ])('%o needs tables', async (command, args) => {
    const outcome = await runCommand(command, [...args, '--data-dir', temporaryDirectory()])
    expect(outcome).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('recsys init-tables') })
  })
})
