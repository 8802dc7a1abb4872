import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import LakeOptimize from '../../commands/lake/optimize.ts'
import LakeVacuum from '../../commands/lake/vacuum.ts'
import { appendEvents, type EventRow } from '../../src/lake/event-table.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
import { replayedRows } from './independent-reader.ts'

function row(seq: number): EventRow {
  return {
    ...{ seq, user_id: `u${seq}`, item_id: 'i1', type: 'click', value: null, weight: 2 },
    ...{ timestamp: '2026-01-01T00:00:00Z', session_id: null, recommendation_id: null, model_version: null },
  }
}

/** A table of some flushes of two events each. */
async function flushed(nFlushes: number) {
  const dataDir = temporaryDirectory()
  for (let flush = 0; flush < nFlushes; flush++) {
    await appendEvents(dataDir, 'test', (done) => [row(done + 1), row(done + 2)])
  }
  const table = join(dataDir, 'lake', 'events')
  const dataFiles = () => readdirSync(table).filter((name) => name.endsWith('.parquet'))
  return { dataDir, table, dataFiles }
}

describe('optimize', () => {
  test('leaves one file with the same rows, older versions readable, and the progress of flushes known', async () => {
    const { dataDir, table } = await flushed(4)
    const before = await replayedRows(table)
    const { stdout } = await runCommand(LakeOptimize, ['--data-dir', dataDir, '--json'])
    expect(JSON.parse(stdout)).toEqual({ version: 4, filesBefore: 4, filesAfter: 1, rows: 8 })
    expect(await replayedRows(table)).toEqual(before)
    expect(await replayedRows(table, 1)).toHaveLength(4)
    const appended = await appendEvents(dataDir, 'test', (done) => [row(done + 1)])
    expect(appended).toEqual({ version: 5, rows: 1, upTo: 9 })
    const again = await runCommand(LakeOptimize, ['--data-dir', dataDir])
    expect(again.stdout).toBe('events is at version 6: 2 files before, 1 now\n')
    const third = await runCommand(LakeOptimize, ['--data-dir', dataDir])
    expect(third.stdout).toBe('events is at version 6: 1 files before, 1 now\n')
  })

  test('loses nothing to a flush at the same time', async () => {
    const { dataDir, table } = await flushed(3)
    const flush = () =>
      appendEvents(dataDir, 'test', (done) => (done < 8 ? [row(done + 1), row(done + 2)] : []))
    await Promise.all([runCommand(LakeOptimize, ['--data-dir', dataDir]), flush()])
    expect(await replayedRows(table)).toHaveLength(8)
  })
})

describe('vacuum', () => {
  test('deletes what was removed before the retention, and nothing that is live', async () => {
    const { dataDir, table, dataFiles } = await flushed(3)
    await runCommand(LakeOptimize, ['--data-dir', dataDir])
    const before = await replayedRows(table)
    const vacuum = async (...flags: string[]) => {
      const { stdout } = await runCommand(LakeVacuum, ['events', '--data-dir', dataDir, '--json', ...flags])
      return JSON.parse(stdout)
    }
    expect(await vacuum()).toMatchObject({ files: [], deleted: true })
    expect((await vacuum('--retention', '0s', '--dry-run')).files).toHaveLength(3)
    expect(dataFiles()).toHaveLength(4)
    writeFileSync(join(table, 'orphan.parquet'), 'left by a killed import')
    const { files, deleted } = await vacuum('--retention', '0s')
    expect({ n: files.length, deleted }).toEqual({ n: 4, deleted: true })
    expect(dataFiles()).toHaveLength(1)
    expect(await replayedRows(table)).toEqual(before)
  })

  test('needs a table that is there', async () => {
    const { exitCode } = await runCommand(LakeVacuum, ['events', '--data-dir', temporaryDirectory()])
    expect(exitCode).toBe(4)
  })
})
