import { createHash } from 'node:crypto'
import { RecsysError } from '../errors.ts'
import { checkContent } from './content.ts'
import { corrupt } from './corrupt.ts'
import { writeDirectory } from './durable-directory.ts'
import { type FileEntry, fileNames, formatManifest, parseManifest } from './manifest.ts'
import type { ArtifactContent } from './types.ts'
import { readChecked, readManifestBytes } from './verified-file.ts'

/**
 * Writes a model to a directory that must not exist yet. The same content gives the same bytes.
 * @throws RECSYS_ARTIFACT_INVALID when the content cannot be a model (ids that occur twice, tensors that are not
 *   finite …), RECSYS_ARTIFACT_EXISTS, RECSYS_DATA_DIR_UNWRITABLE
 */
export async function writeArtifact(
  directory: string,
  content: ArtifactContent,
): Promise<{ manifestSha256: string; sizeBytes: number }> {
  checkContent(content, (message) => new RecsysError('RECSYS_ARTIFACT_INVALID', { message }))
  const { encodeTables } = await import('./arrow-encode.ts')
  const tables = encodeTables(content)
  const entries: Record<string, FileEntry> = {}
  for (const name of fileNames) entries[name] = fileEntry(tables[name])
  const manifest = Buffer.from(formatManifest(content, entries))
  await writeDirectory(directory, { ...tables, 'manifest.json': manifest })
  const tableBytes = fileNames.reduce((sum, name) => sum + tables[name].byteLength, 0)
  return { manifestSha256: sha256(manifest), sizeBytes: manifest.byteLength + tableBytes }
}

/**
 * Reads a model back. Nothing is parsed before its size and checksum are right, and nothing is returned before every
 * shape and range is. The arrays are views of the files' bytes: copy them to put them into shared memory.
 * @param expected  `manifestSha256` as the registry knows it; without it the manifest itself is taken on trust,
 *   and whoever forged manifest and files together can keep the Arrow library busy for long
 * @throws RECSYS_ARTIFACT_MISSING, RECSYS_ARTIFACT_CORRUPT, RECSYS_ARTIFACT_VERSION
 */
export async function readArtifact(
  directory: string,
  expected: { readonly manifestSha256?: string } = {},
): Promise<ArtifactContent> {
  const bytes = await readManifestBytes(directory)
  const got = sha256(bytes)
  if (expected.manifestSha256 !== undefined && got !== expected.manifestSha256) {
    throw corrupt(directory, `manifest.json has SHA-256 ${got}, expected ${expected.manifestSha256}`)
  }
  const manifest = parseManifest(bytes, directory)
  const [users, items, model] = await Promise.all(
    fileNames.map((name) => readChecked(directory, name, manifest.files[name])),
  )
  const { decodeTables } = await import('./arrow-decode.ts')
  const content = decodeTables(manifest, { users: users!, items: items!, model: model! }, directory)
  checkContent(content, (message) => corrupt(directory, message))
  return content
}

function fileEntry(bytes: Uint8Array): FileEntry {
  return { sizeBytes: bytes.byteLength, sha256: sha256(bytes) }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
