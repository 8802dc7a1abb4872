import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RecsysError } from '../errors.ts'
import { writeDirectory } from './durable-directory.ts'

/**
 * Where an interrupted training can go on: `<directory>/epoch-<n>/` with checkpoint.json (the header, and for each array
 * its type, length and SHA-256) and one file an array, little-endian. The newest one counts.
 */
export interface StoredCheckpoint {
  /** Whatever else the training has to know; comes back as it was. */
  readonly header: Readonly<Record<string, unknown>>
  readonly epoch: number
  readonly arrays: Readonly<Record<string, CheckpointArray>>
}

export type CheckpointArray = Float32Array | Float64Array | Int32Array

const arrayTypes = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const
type ArrayType = keyof typeof arrayTypes

interface ArrayEntry {
  readonly type: ArrayType
  readonly length: number
  readonly sha256: string
}

const format = 'recsys-checkpoint'
const formatVersion = 1
const headerFile = 'checkpoint.json'

/**
 * Writes a checkpoint and then removes the ones before it: at every moment a whole one is there.
 * @throws RECSYS_DATA_DIR_UNWRITABLE
 */
export async function writeCheckpoint(directory: string, checkpoint: StoredCheckpoint): Promise<void> {
  const { header, epoch, arrays } = checkpoint
  const files: Record<string, Uint8Array> = {}
  const entries: Record<string, ArrayEntry> = {}
  for (const [name, array] of Object.entries(arrays)) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    files[`${name}.bin`] = bytes
    entries[name] = { type: typeOf(array), length: array.length, sha256: sha256(bytes) }
  }
  const document = { format, formatVersion, epoch, header, arrays: entries }
  files[headerFile] = Buffer.from(`${JSON.stringify(document, null, 2)}\n`)
  const earlier = await epochsIn(directory)
  await writeDirectory(join(directory, nameOf(epoch)), files)
  for (const old of earlier) await rm(join(directory, nameOf(old)), { recursive: true, force: true })
}

/** The newest checkpoint. @throws RECSYS_CHECKPOINT_MISSING, RECSYS_CHECKPOINT_CORRUPT */
export async function readCheckpoint(directory: string): Promise<StoredCheckpoint> {
  const epochs = await epochsIn(directory)
  if (epochs.length === 0) {
    throw new RecsysError('RECSYS_CHECKPOINT_MISSING', { message: `there is no checkpoint in ${directory}` })
  }
  const newest = join(directory, nameOf(Math.max(...epochs)))
  const document = await readHeader(newest)
  const arrays: Record<string, CheckpointArray> = {}
  for (const [name, entry] of Object.entries(document.arrays)) {
    arrays[name] = await readArray(newest, name, entry)
  }
  return { header: document.header, epoch: document.epoch, arrays }
}

/** After the training is over. */
export async function removeCheckpoints(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}

function nameOf(epoch: number): string {
  return `epoch-${epoch}`
}

async function epochsIn(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.map((name) => /^epoch-(\d+)$/.exec(name)?.[1]).flatMap((text) => (text ? [Number(text)] : []))
}

interface Document {
  readonly epoch: number
  readonly header: StoredCheckpoint['header']
  readonly arrays: Readonly<Record<string, ArrayEntry>>
}

async function readHeader(directory: string): Promise<Document> {
  const text = await readFile(join(directory, headerFile), 'utf8').catch((cause) => {
    throw corrupt(directory, `${headerFile} cannot be read`, cause)
  })
  const document = parsed(text, directory)
  if (document.format !== format || document.formatVersion !== formatVersion) {
    const got = `${document.format} ${document.formatVersion}`
    throw corrupt(directory, `its format is ${got}, expected ${format} ${formatVersion}`)
  }
  if (!Number.isInteger(document.epoch) || !isRecord(document.header) || !isRecord(document.arrays)) {
    throw corrupt(directory, `${headerFile} lacks epoch, header or arrays`)
  }
  return document as unknown as Document
}

function parsed(text: string, directory: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch (cause) {
    throw corrupt(directory, `${headerFile} is not JSON`, cause)
  }
  throw corrupt(directory, `${headerFile} is not a JSON object`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function readArray(directory: string, name: string, entry: ArrayEntry): Promise<CheckpointArray> {
  const type = arrayTypes[entry.type]
  if (type === undefined || !/^[\w.]+$/.test(name))
    throw corrupt(directory, `array ${name} has no known type`)
  const bytes = await readFile(join(directory, `${name}.bin`)).catch((cause) => {
    throw corrupt(directory, `${name}.bin cannot be read`, cause)
  })
  if (bytes.byteLength !== entry.length * type.BYTES_PER_ELEMENT || sha256(bytes) !== entry.sha256) {
    throw corrupt(directory, `${name}.bin is not what was written`)
  }
  const own = new Uint8Array(bytes)
  return new type(own.buffer)
}

function typeOf(array: CheckpointArray): ArrayType {
  if (array instanceof Float32Array) return 'float32'
  return array instanceof Float64Array ? 'float64' : 'int32'
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function corrupt(directory: string, what: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_CHECKPOINT_CORRUPT', { message: `${directory}: ${what}`, cause })
}
