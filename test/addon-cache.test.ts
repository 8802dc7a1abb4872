import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { addonDirectories, loadAddon, type NativeAddon, unpackAddon } from '../src/addon-cache.ts'
import { temporaryDirectory } from './helpers/run-recsys.ts'

const bytes: Record<string, Buffer> = {
  'engine.node': Buffer.from('the addon'),
  'libengine.so': Buffer.from('its library'),
}

function addon(): NativeAddon & { reads: string[] } {
  const reads: string[] = []
  const files = Object.entries(bytes).map(([name, content]) => ({
    name,
    sizeBytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
  }))
  return {
    name: 'engine',
    files,
    reads,
    read: (file) => {
      reads.push(file)
      return bytes[file] as Buffer
    },
  }
}

/** Inside of a directory of our own: what is tested is ours to make. */
function cacheDirectory(): string {
  return join(temporaryDirectory(), 'cache')
}

test('all files are unpacked side by side, for the owner only, and the addon file is what is loaded', () => {
  const path = loadAddon(addon(), [cacheDirectory()], (file) => file)
  expect(basename(path)).toBe('engine.node')
  expect(readFileSync(path, 'utf8')).toBe('the addon')
  expect(readFileSync(join(dirname(path), 'libengine.so'), 'utf8')).toBe('its library')
  expect(readdirSync(dirname(path)).sort()).toEqual(['engine.node', 'libengine.so'])
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
  expect(statSync(path).mode & 0o777).toBe(0o500)
})

test('a second start unpacks nothing', () => {
  const directory = cacheDirectory()
  unpackAddon(addon(), directory)
  const again = addon()
  unpackAddon(again, directory)
  expect(again.reads).toEqual([])
})

test.each([
  ['is shorter', (path: string) => writeFileSync(path, 'the')],
  ['has another byte', (path: string) => writeFileSync(path, 'the adDon')],
  ['others may write to', (path: string) => chmodSync(path, 0o722)],
  [
    'is a link to the same bytes',
    (path: string) => {
      const elsewhere = join(dirname(dirname(dirname(path))), 'elsewhere')
      writeFileSync(elsewhere, 'the addon')
      unlinkSync(path)
      symlinkSync(elsewhere, path)
    },
  ],
])('a file that %s is replaced before it is loaded', (_, damage) => {
  const directory = cacheDirectory()
  const path = unpackAddon(addon(), directory)
  chmodSync(path, 0o700)
  damage(path)
  const again = addon()
  expect(unpackAddon(again, directory)).toBe(path)
  expect(again.reads).toEqual(['engine.node'])
  expect(readFileSync(path, 'utf8')).toBe('the addon')
  expect(statSync(path).mode & 0o777).toBe(0o500)
})

test.each([
  ['others may write to', (directory: string) => chmodSync(directory, 0o777)],
  ['lies in one that others may write to', (directory: string) => chmodSync(dirname(directory), 0o777)],
  [
    'is a link',
    (directory: string) => {
      const elsewhere = join(dirname(directory), 'elsewhere')
      mkdirSync(elsewhere)
      symlinkSync(elsewhere, directory)
    },
    'absent',
  ],
  ['is a file', (directory: string) => writeFileSync(directory, ''), 'absent'],
])('a cache directory that %s is not used', (_, spoil, before = 'present') => {
  const [first, second] = [cacheDirectory(), cacheDirectory()]
  if (before === 'present') mkdirSync(first)
  spoil(first)
  expect(loadAddon(addon(), [first, second], (path) => path)).toContain(second)
  expect(() => loadAddon(addon(), [first], (path) => path)).toThrow(
    expect.objectContaining({ code: 'RECSYS_ADDON_UNLOADABLE', message: expect.stringContaining(first) }),
  )
})

test.skipIf(process.getuid?.() !== 0)('a directory or a file of another account is not trusted', () => {
  const [first, second] = [cacheDirectory(), cacheDirectory()]
  mkdirSync(first)
  chownSync(first, 12_345, 12_345)
  const path = loadAddon(addon(), [first, second], (file) => file)
  expect(path).toContain(second)
  const beneath = join(first, 'own')
  mkdirSync(beneath)
  expect(() => unpackAddon(addon(), beneath)).toThrow(/another account can replace/)
  chownSync(path, 12_345, 12_345)
  const again = addon()
  unpackAddon(again, second)
  expect(again.reads).toEqual(['engine.node'])
  expect(statSync(path).uid).toBe(0)
})

test('where the system refuses to load from a directory the next one is tried', () => {
  const [first, second] = [cacheDirectory(), cacheDirectory()]
  const loaded = loadAddon(addon(), [first, second], (path) => {
    if (path.startsWith(first)) throw new Error('failed to map segment from shared object')
    return path
  })
  expect(loaded).toContain(second)
})

test('bytes that were damaged inside of the program are not written', () => {
  const directory = cacheDirectory()
  const damaged = { ...addon(), read: () => Buffer.from('something') }
  expect(() => loadAddon(damaged, [directory], (path) => path)).toThrow(
    /engine.node inside of the program is damaged/,
  )
  const [target] = readdirSync(directory)
  expect(readdirSync(join(directory, target as string))).toEqual([])
})

test('another version of an addon has a directory of its own', () => {
  const directory = cacheDirectory()
  const newer = { ...addon(), files: addon().files.map((file) => ({ ...file, sha256: '0'.repeat(64) })) }
  expect(() => unpackAddon(newer, directory)).toThrow()
  unpackAddon(addon(), directory)
  expect(readdirSync(directory)).toHaveLength(2)
})

test('the cache is under XDG_CACHE_HOME, else under the home directory, else in the temporary directory', () => {
  expect(addonDirectories('/some/cache')).toEqual([
    '/some/cache/recsys/native',
    expect.stringMatching(`^${tmpdir()}/recsys-native-`),
  ])
  const fallback = join(homedir(), '.cache/recsys/native')
  for (const unusable of [undefined, '', 'relative']) expect(addonDirectories(unusable)[0]).toBe(fallback)
  vi.stubEnv('HOME', '')
  expect(addonDirectories(undefined)).toEqual([expect.stringMatching(`^${tmpdir()}/recsys-native-`)])
  vi.unstubAllEnvs()
})
