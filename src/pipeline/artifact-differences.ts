import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileNames } from '../artifacts/manifest.ts'
import type { ArtifactContent } from '../artifacts/types.ts'

/** A file of an artifact, as it was stored and as it came out once more. */
export interface ComparedFile {
  readonly name: string
  readonly storedSha256: string
  readonly newSha256: string
  readonly identical: boolean
}

export async function compareFiles(stored: string, again: string): Promise<ComparedFile[]> {
  return Promise.all(
    ['manifest.json', ...fileNames].map(async (name) => {
      const [storedSha256, newSha256] = await Promise.all(
        [stored, again].map((place) => digest(join(place, name))),
      )
      return { name, storedSha256, newSha256, identical: storedSha256 === newSha256 }
    }),
  )
}

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

/** What is not the same in two models. */
export interface Difference {
  /** `tensor userFactors`, `split fingerprint` … */
  readonly what: string
  readonly stored: string
  readonly again: string
}

/** From what a model was made to what it is made of; a tensor is described by its numbers. */
export function differencesOf(stored: ArtifactContent, again: ArtifactContent): Difference[] {
  return [
    ...headerDifferences(stored, again),
    ...listDifferences(stored, again),
    ...tensorDifferences(stored, again),
  ]
}

function headerDifferences(stored: ArtifactContent, again: ArtifactContent): Difference[] {
  return Object.keys(stored.manifest).flatMap((key) => {
    const of = (content: ArtifactContent) =>
      JSON.stringify(content.manifest[key as keyof ArtifactContent['manifest']])
    return different(key, of(stored), of(again))
  })
}

const lists = [
  ...['userIds', 'itemIds', 'historyStarts', 'historyItems', 'historyRatings', 'historyWeights'],
  ...['itemTitles', 'itemCategories', 'itemInteractions', 'itemAttributes', 'itemTrend'],
] as const satisfies readonly (keyof ArtifactContent)[]

function listDifferences(stored: ArtifactContent, again: ArtifactContent): Difference[] {
  return lists.flatMap((name) => {
    // An older program did not keep all of them.
    const [was, is] = [stored[name] ?? [], stored[name] ? (again[name] ?? []) : []].map((list) =>
      Array.from<unknown>(list),
    )
    const first = was.findIndex((value, at) => JSON.stringify(value) !== JSON.stringify(is[at]))
    if (first < 0 && was.length === is.length) return []
    const at = first < 0 ? was.length : first
    const show = (values: unknown[]) =>
      `${values.length} entries, entry ${at} is ${JSON.stringify(values[at]) ?? 'missing'}`
    return { what: name, stored: show(was), again: show(is) }
  })
}

function tensorDifferences(stored: ArtifactContent, again: ArtifactContent): Difference[] {
  const names = new Set([...Object.keys(stored.tensors), ...Object.keys(again.tensors)])
  return [...names].flatMap((name) => {
    const [was, is] = [stored.tensors[name], again.tensors[name]]
    const shape = (tensor: typeof was) =>
      tensor === undefined ? 'missing' : `${tensor.data.length / tensor.width} rows of ${tensor.width}`
    if (was === undefined || is === undefined || shape(was) !== shape(is)) {
      return different(`tensor ${name}`, shape(was), shape(is))
    }
    const { nOthers, greatest } = compareNumbers(was.data, is.data)
    if (nOthers === 0) return []
    const found = `${nOthers.toLocaleString('en-US')} of them others, by ${greatest.toPrecision(3)} at most`
    return {
      what: `tensor ${name}`,
      stored: `${was.data.length.toLocaleString('en-US')} numbers`,
      again: found,
    }
  })
}

function compareNumbers(was: Float32Array, is: Float32Array) {
  let [nOthers, greatest] = [0, 0]
  for (let at = 0; at < was.length; at++) {
    if (Object.is(was[at], is[at])) continue
    nOthers++
    greatest = Math.max(greatest, Math.abs(was[at] - is[at]))
  }
  return { nOthers, greatest }
}

function different(what: string, stored: string, again: string): Difference[] {
  return stored === again ? [] : [{ what, stored, again }]
}
