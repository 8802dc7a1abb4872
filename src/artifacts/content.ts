import type { ArtifactContent, ArtifactTensor } from './types.ts'

type Fail = (message: string) => Error

/** Column names that are taken in the table of an axis. */
const reserved: Readonly<Record<ArtifactTensor['axis'], readonly string[]>> = {
  user: ['id', 'history', 'historyRatings', 'historyWeights'],
  item: ['id', 'title', 'categories', 'interactions', 'attributes', 'trend'],
  model: [],
}

/**
 * What is true of every model, checked before it is written and after it was read: shapes agree, indices are in
 * bounds, numbers are finite, ids are unique. The order of ids is free: it is the dense index.
 */
export function checkContent(content: ArtifactContent, fail: Fail): void {
  const { nUsers, nItems } = content.manifest
  checkHeader(content, fail)
  checkIds('user', content.userIds, nUsers, fail)
  checkIds('item', content.itemIds, nItems, fail)
  checkItems(content, fail)
  checkHistory(content, fail)
  const rows = { user: nUsers, item: nItems, model: 1 }
  for (const [name, tensor] of Object.entries(content.tensors)) checkTensor(name, tensor, rows, fail)
}

function checkHeader({ manifest }: ArtifactContent, fail: Fail): void {
  const [min, max] = manifest.ratingRange
  if (!Number.isFinite(min) || !Number.isFinite(max) || min > max) {
    throw fail(`the rating range is ${min} … ${max}, expected two finite numbers, the least first`)
  }
  for (const [name, value] of Object.entries(manifest.params)) {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw fail(`parameter ${name} is ${value}, expected a finite number`)
  }
  if (!Number.isSafeInteger(manifest.seed))
    throw fail(`the seed is ${manifest.seed}, expected a whole number`)
}

function checkIds(axis: string, ids: readonly string[], n: number, fail: Fail): void {
  expectLength(`${axis} ids`, ids.length, n, fail)
  for (let i = 0; i < n; i++) {
    // Half a surrogate pair has no UTF-8: two such ids would become one.
    if (!ids[i]!.isWellFormed()) throw fail(`${axis} id ${i} is not well-formed Unicode`)
  }
  const unique = isAscending(ids) ? n : new Set(ids).size
  if (unique !== n) throw fail(`${n - unique} of ${n} ${axis} ids occur twice, expected unique ids`)
}

/** The usual case, and much cheaper than a set of all ids. */
function isAscending(ids: readonly string[]): boolean {
  for (let i = 1; i < ids.length; i++) if (!(ids[i - 1]! < ids[i]!)) return false
  return true
}

function checkItems(content: ArtifactContent, fail: Fail): void {
  const { nItems } = content.manifest
  const { itemTitles, itemCategories, itemInteractions } = content
  expectLength('titles', itemTitles.length, nItems, fail)
  expectLength('categories', itemCategories.length, nItems, fail)
  expectLength('interaction counts', itemInteractions.length, nItems, fail)
  const { itemAttributes, itemTrend } = content
  if (itemAttributes) expectLength('attributes', itemAttributes.length, nItems, fail)
  if (itemTrend) {
    expectLength('trends', itemTrend.length, nItems, fail)
    const wrong = itemTrend.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY))
    if (wrong >= 0)
      throw fail(`the trend of item ${wrong} is ${itemTrend[wrong]}, expected a finite number, at least 0`)
  }
  const negative = itemInteractions.findIndex((count) => count < 0)
  if (negative >= 0) throw fail(`item ${negative} has ${itemInteractions[negative]} interactions`)
}

function checkHistory(content: ArtifactContent, fail: Fail): void {
  const { manifest, historyStarts, historyItems, historyRatings, historyWeights } = content
  const { nUsers, nItems } = manifest
  expectLength('history starts', historyStarts.length, nUsers + 1, fail)
  if (historyStarts[0] !== 0) throw fail(`histories start at ${historyStarts[0]}, expected 0`)
  for (let u = 0; u < nUsers; u++) {
    if (historyStarts[u]! > historyStarts[u + 1]!)
      throw fail(`the history of user ${u} ends before it starts`)
  }
  expectLength('history items', historyItems.length, historyStarts[nUsers]!, fail)
  for (let i = 0; i < historyItems.length; i++) {
    const item = historyItems[i]!
    if (item < 0 || item >= nItems)
      throw fail(`history entry ${i} is item ${item}, expected 0 … ${nItems - 1}`)
  }
  if (historyRatings) {
    expectLength('history ratings', historyRatings.length, historyItems.length, fail)
    const wrong = historyRatings.findIndex((rating) => Math.abs(rating) === Number.POSITIVE_INFINITY)
    if (wrong >= 0) throw fail(`the rating of history entry ${wrong} is ${historyRatings[wrong]}`)
  }
  if (historyWeights) {
    expectLength('history weights', historyWeights.length, historyItems.length, fail)
    const wrong = historyWeights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY))
    if (wrong >= 0)
      throw fail(
        `the weight of history entry ${wrong} is ${historyWeights[wrong]}, expected a finite number, at least 0`,
      )
  }
}

function checkTensor(
  name: string,
  { axis, width, data }: ArtifactTensor,
  rows: Readonly<Record<ArtifactTensor['axis'], number>>,
  fail: Fail,
): void {
  if (!/^[A-Za-z]\w{0,63}$/.test(name) || reserved[axis].includes(name)) {
    throw fail(`a ${axis} tensor cannot be named ${JSON.stringify(name.slice(0, 80))}`)
  }
  if (!Number.isSafeInteger(width) || width < 1)
    throw fail(`tensor ${name} has width ${width}, expected 1 or more`)
  expectLength(`numbers in tensor ${name}`, data.length, rows[axis] * width, fail)
  const bad = firstNotFinite(data)
  if (bad >= 0) throw fail(`tensor ${name} holds ${data[bad]} at ${bad}, expected finite numbers`)
}

function firstNotFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) {
    // A number that is not finite differs from itself minus itself.
    if (data[i]! - data[i]! !== 0) return i
  }
  return -1
}

function expectLength(what: string, got: number, expected: number, fail: Fail): void {
  if (got !== expected) throw fail(`got ${got} ${what}, expected ${expected}`)
}
