import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { RecsysError } from '../errors.ts'
import { corrupt } from './corrupt.ts'
import type { FileEntry } from './manifest.ts'

/** A manifest is some 2 kB; this much says that it is something else. */
const maxManifestBytes = 1024 * 1024
const chunkBytes = 8 * 1024 * 1024

/** @throws RECSYS_ARTIFACT_MISSING, RECSYS_ARTIFACT_CORRUPT */
export async function readManifestBytes(directory: string): Promise<Uint8Array> {
  return withFile(directory, 'manifest.json', async (file, sizeBytes) => {
    if (sizeBytes > maxManifestBytes) {
      throw corrupt(directory, `manifest.json has ${sizeBytes} bytes, expected at most ${maxManifestBytes}`)
    }
    return (await readHashed(file, sizeBytes)).bytes
  })
}

/**
 * The bytes of a file whose size and SHA-256 are what the manifest says. What was hashed is what is returned.
 * @throws RECSYS_ARTIFACT_MISSING, RECSYS_ARTIFACT_CORRUPT
 */
export async function readChecked(directory: string, name: string, entry: FileEntry): Promise<Uint8Array> {
  return withFile(directory, name, async (file, sizeBytes) => {
    if (sizeBytes !== entry.sizeBytes) {
      throw corrupt(directory, `${name} has ${sizeBytes} bytes, expected ${entry.sizeBytes}`)
    }
    const { bytes, sha256 } = await readHashed(file, sizeBytes)
    if (sha256 === entry.sha256) return bytes
    throw corrupt(directory, `${name} has SHA-256 ${sha256}, expected ${entry.sha256}`)
  })
}

async function withFile<T>(
  directory: string,
  name: string,
  read: (file: FileHandle, sizeBytes: number) => Promise<T>,
): Promise<T> {
  const file = await openRegular(directory, name)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw corrupt(directory, `${name} is not a file`)
    return await read(file, stats.size)
  } finally {
    await file.close()
  }
}

async function openRegular(directory: string, name: string): Promise<FileHandle> {
  try {
    // Without NONBLOCK a pipe in the file's place would hold us up for ever.
    return await open(join(directory, name), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') throw missing(directory, name, cause)
    throw corrupt(directory, `${name} cannot be opened (${code})`, cause)
  }
}

function missing(directory: string, name: string, cause: unknown): RecsysError {
  return new RecsysError('RECSYS_ARTIFACT_MISSING', {
    message: `${join(directory, name)} does not exist`,
    cause,
  })
}

/** Hashes each chunk while it is in the cache. The bytes start at offset 0 of a buffer of their own: views align. */
async function readHashed(file: FileHandle, sizeBytes: number) {
  const bytes = new Uint8Array(sizeBytes)
  const hash = createHash('sha256')
  let filled = 0
  while (filled < sizeBytes) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(chunkBytes, sizeBytes - filled), filled)
    if (bytesRead === 0) break
    hash.update(bytes.subarray(filled, filled + bytesRead))
    filled += bytesRead
  }
  return { bytes, sha256: hash.digest('hex') }
}
