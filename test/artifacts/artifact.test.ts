import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readArtifact, writeArtifact } from '../../src/artifacts/artifact.ts'
import type { ArtifactContent } from '../../src/artifacts/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { editManifest, replaceFile, sampleArtifact } from './sample-artifact.ts'

const allFiles = ['manifest.json', 'users.arrow', 'items.arrow', 'model.arrow']

async function written(content = sampleArtifact()) {
  const directory = join(temporaryDirectory(), 'artifacts', 'run1')
  return { directory, ...(await writeArtifact(directory, content)) }
}

/** Plain arrays: a view and a copy of the same numbers are equal. */
function plain(content: ArtifactContent) {
  const tensors = Object.entries(content.tensors).map(([name, { axis, width, data }]) => [
    name,
    axis,
    width,
    [...data],
  ])
  const { historyStarts, historyItems, itemInteractions, ...rest } = content
  return {
    ...rest,
    tensors: tensors.sort(),
    numbers: [historyStarts, historyItems, itemInteractions].map((a) => [...a]),
  }
}

test('a model comes back as it was written', async () => {
  const { directory, manifestSha256, sizeBytes } = await written()
  const back = await readArtifact(directory, { manifestSha256 })
  expect(plain(back)).toEqual(plain(sampleArtifact()))
  expect(sizeBytes).toBe(allFiles.reduce((sum, name) => sum + readFileSync(join(directory, name)).length, 0))
  expect(readdirSync(directory).sort()).toEqual([...allFiles].sort())
})

const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => value.isWellFormed())
const anyContent = fc
  .record({
    userIds: fc.uniqueArray(text, { maxLength: 8 }),
    itemIds: fc.uniqueArray(text, { minLength: 1, maxLength: 8 }),
    width: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer(),
  })
  .chain(({ userIds, itemIds, width, seed }) =>
    fc.record({
      histories: fc.array(fc.array(fc.nat(itemIds.length - 1), { maxLength: 4 }), {
        minLength: userIds.length,
        maxLength: userIds.length,
      }),
      titles: fc.array(fc.option(text), { minLength: itemIds.length, maxLength: itemIds.length }),
      categories: fc.array(fc.array(text, { maxLength: 3 }), {
        minLength: itemIds.length,
        maxLength: itemIds.length,
      }),
      numbers: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
        minLength: userIds.length * width,
        maxLength: userIds.length * width,
      }),
      userIds: fc.constant(userIds),
      itemIds: fc.constant(itemIds),
      width: fc.constant(width),
      seed: fc.constant(seed),
    }),
  )
  .map(({ userIds, itemIds, width, seed, histories, titles, categories, numbers }): ArtifactContent => {
    const starts = [0]
    for (const history of histories) starts.push(starts.at(-1)! + history.length)
    const { manifest } = sampleArtifact()
    return {
      manifest: { ...manifest, seed, nUsers: userIds.length, nItems: itemIds.length },
      userIds,
      itemIds,
      tensors: { factors: { axis: 'user', width, data: Float32Array.from(numbers) } },
      historyStarts: Int32Array.from(starts),
      historyItems: Int32Array.from(histories.flat()),
      itemTitles: titles,
      itemCategories: categories,
      itemInteractions: new Int32Array(itemIds.length),
    }
  })

test('attributes and trends come back where a model has them', async () => {
  const attributes = ['{"year":"1945"}', null, '{}', '{"price":"3"}']
  const { directory } = await written(
    sampleArtifact({ itemAttributes: attributes, itemTrend: Float32Array.of(0.5, 0, 2, 1) }),
  )
  const back = await readArtifact(directory)
  expect(back.itemAttributes).toEqual(attributes)
  expect([...back.itemTrend!]).toEqual([0.5, 0, 2, 1])
  await expect(written(sampleArtifact({ itemTrend: Float32Array.of(1, 2, -1, 0) }))).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_INVALID',
  })
})

test('ratings and weights of histories, and whether repeats are allowed, come back where a model has them', async () => {
  const { manifest } = sampleArtifact()
  const { directory } = await written(
    sampleArtifact({
      manifest: { ...manifest, repeats: 'allow' },
      historyRatings: Float32Array.of(5, Number.NaN, 1.5, -1, Number.NaN),
      historyWeights: Float32Array.of(1, 0, 2.5, 0, 10),
    }),
  )
  const back = await readArtifact(directory)
  expect(back.manifest.repeats).toBe('allow')
  expect([...back.historyRatings!]).toEqual([5, Number.NaN, 1.5, -1, Number.NaN])
  expect([...back.historyWeights!]).toEqual([1, 0, 2.5, 0, 10])
})

test('any ids, titles, categories, histories and factors survive the way to disk and back', async () => {
  const parent = temporaryDirectory()
  let next = 0
  await fc.assert(
    fc.asyncProperty(anyContent, async (content) => {
      const directory = join(parent, String(next++))
      const { manifestSha256 } = await writeArtifact(directory, content)
      expect(plain(await readArtifact(directory, { manifestSha256 }))).toEqual(plain(content))
    }),
    { numRuns: 60 },
  )
})

test('the same content gives the same bytes, in whatever order its keys come', async () => {
  const content = sampleArtifact()
  const { tensors, manifest } = content
  const turned = sampleArtifact({
    tensors: Object.fromEntries(Object.entries(tensors).reverse()),
    manifest: { ...manifest, params: { reg: 0.1, factors: 2 } },
  })
  const [one, two] = [await written(content), await written(turned)]
  for (const name of allFiles) {
    expect(
      readFileSync(join(one.directory, name)).equals(readFileSync(join(two.directory, name))),
      name,
    ).toBe(true)
  }
})

test('other programs can read the tables with any Arrow library', async () => {
  const { directory } = await written()
  const users = tableFromIPC(readFileSync(join(directory, 'users.arrow')))
  expect(users.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'id: Utf8',
    'history: List<Int32>',
    'userFactors: FixedSizeList[2]<Float32>',
  ])
  expect(users.get(2)?.toJSON()).toMatchObject({ id: '🦊' })
  const items = tableFromIPC(readFileSync(join(directory, 'items.arrow')))
  expect(items.getChild('title')?.toArray()).toBeDefined()
  expect(items.get(0)?.toJSON()).toMatchObject({ title: 'Brief Encounter', itemBias: 0.5 })
})

test('a byte changed anywhere in any file is found', async () => {
  const { directory, manifestSha256 } = await written()
  for (const name of allFiles) {
    const path = join(directory, name)
    const bytes = readFileSync(path)
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 0x20
      writeFileSync(path, changed)
      await expect(readArtifact(directory, { manifestSha256 })).rejects.toMatchObject({
        code: 'RECSYS_ARTIFACT_CORRUPT',
        message: expect.stringContaining(name),
      })
    }
    writeFileSync(path, bytes)
  }
  await readArtifact(directory, { manifestSha256 })
})

test.each(allFiles)('a truncated, a lengthened and a missing %s are found', async (name) => {
  const { directory, manifestSha256 } = await written()
  const path = join(directory, name)
  const bytes = readFileSync(path)
  writeFileSync(path, Buffer.concat([bytes, Buffer.of(0)]))
  await expect(readArtifact(directory, { manifestSha256 })).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_CORRUPT',
  })
  truncateSync(path, bytes.length - 9)
  await expect(readArtifact(directory, { manifestSha256 })).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_CORRUPT',
  })
  rmSync(path)
  await expect(readArtifact(directory, { manifestSha256 })).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_MISSING',
    message: expect.stringContaining(name),
  })
})

test('a directory, a pipe or a missing directory in the place of a model are no models', async () => {
  const { directory } = await written()
  await expect(readArtifact(join(directory, 'nowhere'))).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_MISSING',
  })
  await expect(readArtifact(join(directory, 'users.arrow'))).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_MISSING',
  })
  rmSync(join(directory, 'items.arrow'))
  mkdirSync(join(directory, 'items.arrow'))
  await expect(readArtifact(directory)).rejects.toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT' })
  if (process.platform === 'win32') return
  rmSync(join(directory, 'items.arrow'), { recursive: true })
  execFileSync('mkfifo', [join(directory, 'items.arrow')])
  await expect(readArtifact(directory)).rejects.toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT' })
})

test('another format and another version are named, with what was expected', async () => {
  const { directory } = await written()
  editManifest(directory, (manifest) => {
    manifest.formatVersion = 2
  })
  await expect(readArtifact(directory)).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_VERSION',
    message: expect.stringContaining('version 2, expected 1'),
  })
  editManifest(directory, (manifest) => {
    manifest.format = 'pickle'
  })
  await expect(readArtifact(directory)).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_CORRUPT',
    message: expect.stringContaining('"pickle", expected "recsys-model"'),
  })
})

test.each([
  'not json',
  '',
  '[]',
  'null',
  '{}',
  `{"format":"recsys-model","formatVersion":1,"header":${'['.repeat(50_000)}`,
])('a manifest of the text %.20s is refused', async (text) => {
  const { directory } = await written()
  writeFileSync(join(directory, 'manifest.json'), text)
  await expect(readArtifact(directory)).rejects.toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT' })
})

test.each(['../users.arrow', '/etc/passwd', 'a/../../b', '__proto__', 'users.arrow\0'])(
  'a manifest that names the file %j is refused',
  async (name) => {
    const { directory } = await written()
    const path = join(directory, 'manifest.json')
    const text = readFileSync(path, 'utf8').replace('"users.arrow"', JSON.stringify(name))
    writeFileSync(path, text)
    await expect(readArtifact(directory)).rejects.toMatchObject({
      code: 'RECSYS_ARTIFACT_CORRUPT',
      message: expect.stringContaining('expected items.arrow, model.arrow, users.arrow'),
    })
  },
)

test.each<[string, Record<string, unknown>]>([
  ['header.nUsers', { nUsers: -1 }],
  ['header.nItems', { nItems: 1.5 }],
  ['header.seed', { seed: '42' }],
  ['header.algorithm', { algorithm: undefined }],
  ['header.ratingRange', { ratingRange: [1] }],
  ['header.params.factors', { params: { factors: null } }],
  ['header.signature', { signature: 7 }],
  ['header.signature.inputs.k', { signature: { inputs: { k: 1 }, outputs: {} } }],
  ['header.repeats is "often"', { repeats: 'often' }],
  ['rating range', { ratingRange: [5, 1] }],
  ['users.arrow has 3 rows, expected 4', { nUsers: 4 }],
  ['items.arrow has 4 rows, expected 1000000000', { nItems: 1e9 }],
])('a header with a wrong value is refused: %s', async (message, changes) => {
  const { directory } = await written()
  editManifest(directory, ({ header }) => Object.assign(header, changes))
  await expect(readArtifact(directory)).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_CORRUPT',
    message: expect.stringContaining(message),
  })
})

test.each<[string, unknown]>([
  ['has no column ghost', { ghost: { axis: 'user', width: 2 } }],
  ['expected lists of 3 float32', { userFactors: { axis: 'user', width: 3 } }],
  ['type Utf8', { id: { axis: 'user', width: 1 } }],
  ['axis is "row"', { userFactors: { axis: 'row', width: 2 } }],
  ['width is 1.5', { userFactors: { axis: 'user', width: 1.5 } }],
])('tensors that are not what the manifest says are refused: %s', async (message, tensors) => {
  const { directory } = await written()
  editManifest(directory, (manifest) => {
    manifest.tensors = tensors as Record<string, unknown>
  })
  await expect(readArtifact(directory)).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_CORRUPT',
    message: expect.stringContaining(message),
  })
})

test('bytes that are no Arrow file are refused even with the right checksum', async () => {
  const { directory } = await written()
  const good = readFileSync(join(directory, 'users.arrow'))
  const bad = [new Uint8Array(0), Buffer.from('hello'), good.subarray(0, 200), Buffer.alloc(5000)]
  for (const bytes of bad) {
    replaceFile(directory, 'users.arrow', bytes)
    await expect(readArtifact(directory)).rejects.toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT' })
  }
})

test('columns changed anywhere and signed again are either refused or still a valid model', async () => {
  const { directory } = await written()
  const good = readFileSync(join(directory, 'users.arrow'))
  const [start, end] = [good.indexOf('anna'), good.indexOf(Buffer.from('ffffffff00000000', 'hex'))]
  for (let at = start - 16; at < end; at++) {
    const bytes = Buffer.from(good)
    bytes[at]! ^= 0xff
    replaceFile(directory, 'users.arrow', bytes)
    const outcome = await readArtifact(directory).catch((error: unknown) => error)
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT' })
    else expect((outcome as ArtifactContent).userIds).toHaveLength(3)
  }
})

const broken: [string, Partial<ArtifactContent>][] = [
  ['1 of 3 user ids occur twice', { userIds: ['a', 'b', 'a'] }],
  ['got 2 user ids, expected 3', { userIds: ['a', 'b'] }],
  ['user id 1 is not well-formed', { userIds: ['a', '\ud800', 'c'] }],
  ['history entry 4 is item 4', { historyItems: Int32Array.of(0, 3, 1, 2, 4) }],
  ['history entry 0 is item -1', { historyItems: Int32Array.of(-1, 3, 1, 2, 3) }],
  ['user 1 ends before it starts', { historyStarts: Int32Array.of(0, 2, 1, 5) }],
  ['histories start at 1', { historyStarts: Int32Array.of(1, 2, 2, 5) }],
  ['got 5 history items, expected 6', { historyStarts: Int32Array.of(0, 2, 2, 6) }],
  ['got 3 history starts, expected 4', { historyStarts: Int32Array.of(0, 2, 5) }],
  ['got 4 history ratings, expected 5', { historyRatings: new Float32Array(4) }],
  ['rating of history entry 1 is Infinity', { historyRatings: Float32Array.of(1, 1e39, 1, 1, 1) }],
  ['got 6 history weights, expected 5', { historyWeights: new Float32Array(6) }],
  ['weight of history entry 2 is -1', { historyWeights: Float32Array.of(1, 1, -1, 1, 1) }],
  ['weight of history entry 0 is NaN', { historyWeights: Float32Array.of(Number.NaN, 1, 1, 1, 1) }],
  ['item 2 has -1 interactions', { itemInteractions: Int32Array.of(1, 1, -1, 2) }],
  ['got 1 titles', { itemTitles: ['x'] }],
  ['got 0 categories', { itemCategories: [] }],
  [
    'tensor f holds NaN at 1',
    { tensors: { f: { axis: 'user', width: 1, data: Float32Array.of(1, Number.NaN, 3) } } },
  ],
  [
    'tensor f holds -Infinity at 2',
    { tensors: { f: { axis: 'user', width: 1, data: Float32Array.of(1, 2, -1e39) } } },
  ],
  [
    'got 2 numbers in tensor f, expected 3',
    { tensors: { f: { axis: 'user', width: 1, data: Float32Array.of(1, 2) } } },
  ],
  ['tensor f has width 0', { tensors: { f: { axis: 'user', width: 0, data: new Float32Array(0) } } }],
  [
    'cannot be named "history"',
    { tensors: { history: { axis: 'user', width: 1, data: new Float32Array(3) } } },
  ],
  ['cannot be named "../f"', { tensors: { '../f': { axis: 'user', width: 1, data: new Float32Array(3) } } }],
  ['the seed is 0.5', { manifest: { ...sampleArtifact().manifest, seed: 0.5 } }],
  ['parameter reg is NaN', { manifest: { ...sampleArtifact().manifest, params: { reg: Number.NaN } } }],
]

test.each(broken)('content that is no model is not written: %s', async (message, changes) => {
  const parent = temporaryDirectory()
  await expect(writeArtifact(join(parent, 'run1'), sampleArtifact(changes))).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_INVALID',
    message: expect.stringContaining(message),
  })
  expect(readdirSync(parent)).toEqual([])
})

test('a model never takes the place of what is there', async () => {
  const { directory } = await written()
  const before = readFileSync(join(directory, 'manifest.json'))
  await expect(writeArtifact(directory, sampleArtifact())).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_EXISTS',
  })
  expect(readFileSync(join(directory, 'manifest.json')).equals(before)).toBe(true)
  expect(readdirSync(join(directory, '..'))).toEqual(['run1'])
  mkdirSync(join(directory, '..', 'empty'))
  await expect(writeArtifact(join(directory, '..', 'empty'), sampleArtifact())).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_EXISTS',
  })
})

test('a place that cannot be written to is named', async () => {
  const parent = temporaryDirectory()
  writeFileSync(join(parent, 'file'), '')
  for (const directory of [join(parent, 'file', 'run1'), join(parent, 'file', 'deeper', 'run1')]) {
    await expect(writeArtifact(directory, sampleArtifact())).rejects.toMatchObject({
      code: 'RECSYS_DATA_DIR_UNWRITABLE',
    })
  }
})

test('what a killed process left half written is swept away, work in progress is not', async () => {
  const parent = temporaryDirectory()
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
  const { pid: gone } = spawnSync(process.execPath, ['--version'])
  const [left, busy, foreign] = [
    `.writing-${host}-${gone}-aa-r`,
    `.writing-${host}-${process.pid}-aa-r`,
    '.writing-00000000-1-aa-r',
  ]
  for (const name of [left!, busy!, foreign!]) mkdirSync(join(parent, name))
  await writeArtifact(join(parent, 'run1'), sampleArtifact())
  expect(existsSync(join(parent, left!))).toBe(false)
  expect(readdirSync(parent).sort()).toEqual([busy, foreign, 'run1'].sort())
})
