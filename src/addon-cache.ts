import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { RecsysError } from './errors.ts'

/**
 * Native code cannot be loaded from inside of an executable, only from files. The single executable unpacks its
 * addons once into a directory that nobody else can write to, and checks every file before it is loaded.
 */
export interface NativeAddon {
  readonly name: string
  /** The `.node` file first, then the libraries that it looks for in its own directory. */
  readonly files: readonly AddonFile[]
  /** The unpacked bytes of a file. */
  readonly read: (file: string) => Uint8Array
}

export interface AddonFile {
  readonly name: string
  readonly sizeBytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/**
 * Unpacks the addon where needed and hands its `.node` file to `load`, in the first of the directories where both work:
 * one may be read-only, belong to somebody else or not allow native code.
 * @throws RECSYS_ADDON_UNLOADABLE with what was wrong with each directory
 */
export function loadAddon<T>(
  addon: NativeAddon,
  directories: readonly string[],
  load: (path: string) => T,
): T {
  const reasons: string[] = []
  for (const directory of directories) {
    try {
      return load(unpackAddon(addon, directory))
    } catch (error) {
      reasons.push(`${directory}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new RecsysError('RECSYS_ADDON_UNLOADABLE', {
    message: `cannot unpack and load ${addon.name}: ${reasons.join('; ')}`,
  })
}

/** Where to unpack, best first. @param cacheHome  XDG_CACHE_HOME; ignored, as its specification asks, when relative */
export function addonDirectories(cacheHome: string | undefined): string[] {
  const home = cacheHome && isAbsolute(cacheHome) ? cacheHome : join(homedir(), '.cache')
  const temporary = join(tmpdir(), `recsys-native-${process.getuid?.() ?? 'user'}`)
  return isAbsolute(home) ? [join(home, 'recsys', 'native'), temporary] : [temporary]
}

/** @returns the path of the `.node` file */
export function unpackAddon({ name, files, read }: NativeAddon, directory: string): string {
  const identity = createHash('sha256').update(files.map(({ sha256 }) => sha256).join())
  const target = join(directory, `${name}-${identity.digest('hex').slice(0, 16)}`)
  mkdirSync(target, { recursive: true, mode: 0o700 })
  for (const path of [directory, target]) requirePrivate(path, lstatSync(path))
  requireSettled(dirname(realpathSync(directory)))
  for (const file of files) {
    const path = join(target, file.name)
    if (!isIntact(path, file)) writeIntact(path, file, read(file.name))
  }
  return join(target, (files[0] as AddonFile).name)
}

/** A directory that another account owns or can write to could be filled with anything between check and use. */
function requirePrivate(path: string, stats: Stats): void {
  if (!stats.isDirectory()) throw new Error(`${path} is not a directory`)
  if (!isOurs(stats)) throw new Error(`${path} belongs to another account or others can write to it`)
}

/**
 * Nobody else but the administrator may put another directory in the place of ours: what is above it belongs to one of the
 * two, and only sticky directories are open to all.
 */
function requireSettled(ancestor: string): void {
  const { mode, uid } = lstatSync(ancestor)
  const open = (mode & 0o002) !== 0 && (mode & 0o1000) === 0
  const foreign = process.getuid !== undefined && uid !== process.getuid() && uid !== 0
  if (open || foreign) throw new Error(`another account can replace what is in ${ancestor}`)
  if (dirname(ancestor) !== ancestor) requireSettled(dirname(ancestor))
}

function isOurs({ uid, mode }: Stats): boolean {
  const self = process.getuid?.()
  return self === undefined || (uid === self && (mode & 0o022) === 0)
}

/** Links are not followed: what is checked is what will be loaded. */
function isIntact(path: string, file: AddonFile): boolean {
  let handle: number
  try {
    handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch {
    return false
  }
  try {
    const stats = fstatSync(handle)
    const plausible = stats.isFile() && isOurs(stats) && stats.size === file.sizeBytes
    return plausible && digestOf(handle) === file.sha256
  } finally {
    closeSync(handle)
  }
}

/** In pieces: a library of 70 MB read at once costs as much in fresh memory as its SHA-256 does in time. */
function digestOf(handle: number): string {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(2 ** 18)
  for (let length = readSync(handle, piece); length > 0; length = readSync(handle, piece)) {
    hash.update(piece.subarray(0, length))
  }
  return hash.digest('hex')
}

function matches(bytes: Uint8Array, { sizeBytes, sha256 }: AddonFile): boolean {
  return bytes.byteLength === sizeBytes && createHash('sha256').update(bytes).digest('hex') === sha256
}

function writeIntact(path: string, file: AddonFile, bytes: Uint8Array): void {
  if (!matches(bytes, file)) throw new Error(`${file.name} inside of the program is damaged`)
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeSynced(aside, bytes)
    // Commit point: another process sees no file, or this one whole. Two that race rename the same bytes.
    renameSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
}

function writeSynced(path: string, bytes: Uint8Array): void {
  const handle = openSync(path, 'wx', 0o500)
  try {
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(handle, bytes, at)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
