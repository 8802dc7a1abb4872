import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArtifactContent } from '../../src/artifacts/types.ts'

/** Three users, four items, two factors: small enough to read in a failing test. */
export function sampleArtifact(changes: Partial<ArtifactContent> = {}): ArtifactContent {
  return {
    manifest: {
      algorithm: 'svd',
      params: { factors: 2, reg: 0.1 },
      seed: 42,
      split: 'hash:0.2',
      splitFingerprint: 'f'.repeat(64),
      lakeVersion: 3,
      ratingRange: [1, 5],
      nUsers: 3,
      nItems: 4,
      signature: {
        inputs: { userId: 'string', k: 'int32' },
        outputs: { itemId: 'string', score: 'float32' },
      },
    },
    userIds: ['anna', '__proto__', '🦊'],
    itemIds: ['i1', 'i2', 'i3', 'ünï'],
    tensors: {
      userFactors: { axis: 'user', width: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      itemFactors: { axis: 'item', width: 2, data: Float32Array.of(1, -1, 2, -2, 3, -3, 4, -4) },
      itemBias: { axis: 'item', width: 1, data: Float32Array.of(0.5, 0.25, 0, -0) },
      mean: { axis: 'model', width: 1, data: Float32Array.of(3.5) },
    },
    historyStarts: Int32Array.of(0, 2, 2, 5),
    historyItems: Int32Array.of(0, 3, 1, 2, 3),
    historyRatings: undefined,
    historyWeights: undefined,
    itemTitles: ['Brief Encounter', null, '', '千と千尋の神隠し'],
    itemCategories: [['Drama', 'Romance'], [], ['Drama'], ['Animation']],
    itemInteractions: Int32Array.of(1, 1, 1, 2),
    itemAttributes: undefined,
    itemTrend: undefined,
    ...changes,
  }
}

/** Changes the manifest of a written model without mending anything else. */
export function editManifest(directory: string, edit: (manifest: ManifestDocument) => void): void {
  const path = join(directory, 'manifest.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as ManifestDocument
  edit(manifest)
  writeFileSync(path, JSON.stringify(manifest))
}

/** Puts other bytes in a file's place and mends its size and checksum, as somebody with bad intent would. */
export function replaceFile(directory: string, name: string, bytes: Uint8Array): void {
  writeFileSync(join(directory, name), bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  editManifest(directory, ({ files }) => {
    files[name] = { sizeBytes: bytes.length, sha256 }
  })
}

interface ManifestDocument {
  format: unknown
  formatVersion: unknown
  header: Record<string, unknown>
  tensors: Record<string, unknown>
  files: Record<string, unknown>
}
