import { RecsysError } from '../errors.ts'
import { corrupt } from './corrupt.ts'
import type { ArtifactContent, ArtifactHeader, ArtifactTensor, Repeats } from './types.ts'

/** The Arrow files of a model. A manifest that names any other file is refused: names are never paths. */
export const fileNames = ['users.arrow', 'items.arrow', 'model.arrow'] as const
export type FileName = (typeof fileNames)[number]

export interface FileEntry {
  readonly sizeBytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

export interface Manifest {
  readonly header: ArtifactHeader
  readonly tensors: Readonly<Record<string, Pick<ArtifactTensor, 'axis' | 'width'>>>
  readonly files: Readonly<Record<FileName, FileEntry>>
}

const format = 'recsys-model'
const formatVersion = 1

/** Keys sorted at every level, no clock, no host: equal content, equal bytes. */
export function formatManifest(content: ArtifactContent, files: Readonly<Record<string, FileEntry>>): string {
  const { manifest: header } = content
  const shapes = Object.entries(content.tensors).map(([name, { axis, width }]) => [name, { axis, width }])
  const tensors = Object.fromEntries(shapes)
  return `${JSON.stringify(sortKeys({ format, formatVersion, header, tensors, files }), null, 2)}\n`
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]))
}

/** @throws RECSYS_ARTIFACT_VERSION, RECSYS_ARTIFACT_CORRUPT */
export function parseManifest(bytes: Uint8Array, directory: string): Manifest {
  const document = parseObject(bytes, directory)
  if (document.format !== format) {
    throw corrupt(directory, `manifest.json is of format ${show(document.format)}, expected "${format}"`)
  }
  if (document.formatVersion !== formatVersion) {
    throw new RecsysError('RECSYS_ARTIFACT_VERSION', {
      message: `${directory} is of format version ${show(document.formatVersion)}, expected ${formatVersion}`,
    })
  }
  const fail = (what: string) => corrupt(directory, `manifest.json: ${what}`)
  return {
    header: headerOf(document.header, fail),
    tensors: tensorsOf(document.tensors, fail),
    files: filesOf(document.files, fail),
  }
}

type Fail = (what: string) => RecsysError
type Json = Record<string, unknown>

function parseObject(bytes: Uint8Array, directory: string): Json {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (isObject(value)) return value
  } catch (cause) {
    throw corrupt(directory, 'manifest.json is not JSON', cause)
  }
  throw corrupt(directory, 'manifest.json is not a JSON object')
}

function headerOf(value: unknown, fail: Fail): ArtifactHeader {
  if (!isObject(value)) throw fail(`header is ${show(value)}, expected an object`)
  const text = (key: string) => expectText(value[key], `header.${key}`, fail)
  const count = (key: string) => expectCount(value[key], `header.${key}`, fail)
  const number = (key: string) => expectNumber(value[key], `header.${key}`, fail)
  return {
    algorithm: text('algorithm'),
    params: expectRecord(value.params, 'header.params', expectScalar, fail),
    seed: number('seed'),
    split: text('split'),
    splitFingerprint: text('splitFingerprint'),
    lakeVersion: count('lakeVersion'),
    ratingRange: rangeOf(value.ratingRange, fail),
    nUsers: count('nUsers'),
    nItems: count('nItems'),
    ...(value.repeats === undefined ? {} : { repeats: repeatsOf(value.repeats, fail) }),
    signature: signatureOf(value.signature, fail),
  }
}

function repeatsOf(value: unknown, fail: Fail): Repeats {
  if (value === 'allow' || value === 'exclude') return value
  throw fail(`header.repeats is ${show(value)}, expected "allow" or "exclude"`)
}

function rangeOf(value: unknown, fail: Fail): [number, number] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw fail(`header.ratingRange is ${show(value)}, expected two numbers`)
  }
  const [min, max] = value.map((end: unknown) => expectNumber(end, 'header.ratingRange', fail))
  return [min!, max!]
}

function signatureOf(value: unknown, fail: Fail): ArtifactHeader['signature'] {
  if (!isObject(value)) throw fail(`header.signature is ${show(value)}, expected an object`)
  return {
    inputs: expectRecord(value.inputs, 'header.signature.inputs', expectText, fail),
    outputs: expectRecord(value.outputs, 'header.signature.outputs', expectText, fail),
  }
}

function tensorsOf(value: unknown, fail: Fail): Manifest['tensors'] {
  return expectRecord(value, 'tensors', tensorOf, fail)
}

function tensorOf(value: unknown, name: string, fail: Fail): Pick<ArtifactTensor, 'axis' | 'width'> {
  if (!isObject(value)) throw fail(`${name} is ${show(value)}, expected an object`)
  const { axis } = value
  if (axis !== 'user' && axis !== 'item' && axis !== 'model') {
    throw fail(`${name}.axis is ${show(axis)}, expected "user", "item" or "model"`)
  }
  return { axis, width: expectCount(value.width, `${name}.width`, fail) }
}

function filesOf(value: unknown, fail: Fail): Manifest['files'] {
  const files = expectRecord(value, 'files', fileOf, fail)
  const got = Object.keys(files).sort().join(', ')
  const expected = [...fileNames].sort().join(', ')
  if (got !== expected) throw fail(`it names the files ${show(got)}, expected ${expected}`)
  return files as Manifest['files']
}

function fileOf(value: unknown, name: string, fail: Fail): FileEntry {
  if (!isObject(value)) throw fail(`${name} is ${show(value)}, expected an object`)
  const sha256 = expectText(value.sha256, `${name}.sha256`, fail)
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fail(`${name}.sha256 is ${show(sha256)}, expected 64 hex digits`)
  return { sizeBytes: expectCount(value.sizeBytes, `${name}.sizeBytes`, fail), sha256 }
}

function expectRecord<T>(
  value: unknown,
  name: string,
  expectValue: (value: unknown, name: string, fail: Fail) => T,
  fail: Fail,
): Record<string, T> {
  if (!isObject(value)) throw fail(`${name} is ${show(value)}, expected an object`)
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    expectValue(inner, `${name}.${key}`, fail),
  ])
  return Object.fromEntries(entries)
}

function expectText(value: unknown, name: string, fail: Fail): string {
  if (typeof value !== 'string') throw fail(`${name} is ${show(value)}, expected a string`)
  return value
}

function expectNumber(value: unknown, name: string, fail: Fail): number {
  if (typeof value !== 'number') throw fail(`${name} is ${show(value)}, expected a number`)
  return value
}

function expectScalar(value: unknown, name: string, fail: Fail): number | string | boolean {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  throw fail(`${name} is ${show(value)}, expected a number, a string or a boolean`)
}

function expectCount(value: unknown, name: string, fail: Fail): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw fail(`${name} is ${show(value)}, expected a whole number from 0 up`)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value of an untrusted document, short enough for a message. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
