import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Action } from '../../src/lake/delta/actions.ts'
import { canonicalPath, encodePath, filePath } from '../../src/lake/delta/paths.ts'
import { replay } from '../../src/lake/delta/replay.ts'

const path = fc.constantFrom('a', 'b', 'c d', 'e%f', 'g/h=1')

test('replaying any log leaves what a list of the last word about each file leaves', () => {
  const change = fc.record({ path, live: fc.boolean(), qualified: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const actions = changes.map(({ path: name, live }): Action => {
        const encoded = encodePath(name)
        return live
          ? { add: { path: encoded, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true } }
          : { remove: { path: encoded, dataChange: true } }
      })
      const names = [...new Set(changes.map((c) => c.path))]
      const last = (name: string) => changes.findLast((c) => c.path === name)!.live
      const state = replay(actions)
      expect([...state.files.keys()].sort()).toEqual(names.filter(last).sort())
      expect([...state.tombstones.keys()].sort()).toEqual(names.filter((name) => !last(name)).sort())
    }),
  )
})

test('the last protocol, metadata and transaction of an application stand', () => {
  const format = { provider: 'parquet' }
  const meta = (id: string) => ({ metaData: { id, format, schemaString: '', partitionColumns: [] } })
  const state = replay([
    meta('1'),
    { txn: { appId: 'a', version: 1 } },
    { protocol: { minReaderVersion: 1, minWriterVersion: 1 } },
    { txn: { appId: 'a', version: 2 } },
    meta('2'),
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  ])
  expect([
    state.metaData!.id,
    state.protocol!.minWriterVersion,
    state.transactions.get('a')!.version,
  ]).toEqual(['2', 2, 2])
})

test('any file name survives the way into the log and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      fc.pre(!name.startsWith('file:') && name.isWellFormed())
      expect(canonicalPath(encodePath(name))).toBe(name)
    }),
  )
})

test('paths of one file are one name, whether relative, absolute or qualified', () => {
  expect(
    ['/a/b', 'file:/a/b', 'file:///a/b', 'file:///a%2Fb'.replace('%2F', '/')].map(canonicalPath),
  ).toEqual(Array(4).fill('/a/b'))
  expect([filePath('/t', 'x%20y'), filePath('/t', 'file:/z/x'), filePath('/t', '100%')]).toEqual([
    '/t/x y',
    '/z/x',
    '/t/100%',
  ])
})
