import { randomUUID } from 'node:crypto'
import { closeSync, createReadStream, createWriteStream, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RecsysError } from '../../errors.ts'

/** A source file as plain bytes on the disk, and its beginning. */
export interface PlainFile {
  /** Where the plain bytes are: the file itself, or its unpacked copy. */
  readonly path: string
  /** What the user knows it by. */
  readonly displayPath: string
  readonly head: Buffer
  readonly sizeBytes: number
}

const headBytes = 256 * 1024

/**
 * Unpacks a gzipped file into the staging directory; leaves any other where it is. Unpacking it as a whole shows
 * a truncated archive before a row of it is used, and lets the reader work in parallel.
 * @throws RECSYS_IMPORT_SOURCE for an empty, unreadable, truncated or zipped file
 */
export async function plainFile(
  path: string,
  stagingDirectory: string,
  signal?: AbortSignal,
): Promise<PlainFile> {
  const head = readHead(path)
  if (head.length === 0) throw unusable(path, 'is empty')
  if (head.subarray(0, 4).equals(Buffer.from('PK\x03\x04')))
    throw unusable(path, 'is a zip archive', 'Unzip it first.')
  if (!(head[0] === 0x1f && head[1] === 0x8b)) {
    return { path, displayPath: path, head, sizeBytes: statSync(path).size }
  }
  const unpacked = join(stagingDirectory, randomUUID())
  await gunzip(path, unpacked, signal)
  const unpackedHead = readHead(unpacked)
  if (unpackedHead.length === 0) throw unusable(path, 'holds nothing once it is unpacked')
  return { path: unpacked, displayPath: path, head: unpackedHead, sizeBytes: statSync(unpacked).size }
}

async function gunzip(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip(), createWriteStream(to), signal ? { signal } : {})
  } catch (cause) {
    signal?.throwIfAborted()
    if (!String((cause as NodeJS.ErrnoException).code).startsWith('Z_')) throw cause
    throw unusable(
      from,
      `is a damaged or truncated gzip file (${(cause as Error).message})`,
      undefined,
      cause,
    )
  }
}

function readHead(path: string): Buffer {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const buffer = Buffer.alloc(headBytes)
    return buffer.subarray(0, readSync(descriptor, buffer))
  } catch (cause) {
    throw unusable(path, `cannot be read (${(cause as Error).message})`, undefined, cause)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** A source file that cannot be imported, and why. */
export function unusable(path: string, what: string, remedy?: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_IMPORT_SOURCE', {
    message: `${path} ${what}`,
    field: 'from',
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  })
}
