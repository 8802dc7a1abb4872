import { combineHashes, hashId } from './id-hash.ts'
import type { SplitSpec } from './split-spec.ts'
import type { Dataset, Masks } from './types.ts'

/**
 * Rows before the cut are learnt from, rows from it on are held out; rows of the same second stay together, so that the part
 * held out may be larger than the share. Rows of unknown time cannot be told past from future and take no part.
 */
export function cutByTime({ interactions }: Dataset, spec: Extract<SplitSpec, { kind: 'temporal' }>): Masks {
  const { timestamp } = interactions
  const cut = 'time' in spec ? spec.time : timeOfShare(timestamp, spec.fraction)
  const nUnknown = timestamp.filter(Number.isNaN).length
  return {
    isTest: Uint8Array.from(timestamp, (time) => (time >= cut ? 1 : 0)),
    isTrain: Uint8Array.from(timestamp, (time) => (time < cut ? 1 : 0)),
    notes: [
      `held out from ${timeText(cut)} on`,
      ...(nUnknown > 0 ? [`${nUnknown.toLocaleString('en-US')} rows of unknown time take no part`] : []),
    ],
  }
}

/** NaN where no time is known. */
function timeOfShare(timestamp: Float64Array, fraction: number): number {
  const known = timestamp.filter((time) => !Number.isNaN(time)).sort()
  return known[Math.min(known.length - 1, Math.round(known.length * (1 - fraction)))] ?? Number.NaN
}

function timeText(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000)
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString().replace('.000Z', 'Z')
}

/**
 * The last `nRows` rows of each user who has more of them. Unknown times count as the oldest; among equal ones a hash of user
 * and item decides, never the order of the catalogue.
 */
export function leaveLast(dataset: Dataset, nRows: number): Masks {
  const { timestamp } = dataset.interactions
  const isTest = new Uint8Array(timestamp.length)
  const [place, timeOf] = [
    rowPlaces(dataset),
    (row: number) => knownOr(timestamp[row], Number.NEGATIVE_INFINITY),
  ]
  let [nTied, nUnknown] = [0, 0]
  for (const [start, end] of rowsOfUsers(dataset)) {
    if (end - start <= nRows) continue
    const rows = Int32Array.from({ length: end - start }, (_, at) => start + at)
    // Subtraction would give NaN for two unknown times.
    const later = (a: number, b: number) =>
      timeOf(a) < timeOf(b) ? 1 : timeOf(a) > timeOf(b) ? -1 : place(a) - place(b)
    const byTime = rows.sort(later)
    for (const row of byTime.subarray(0, nRows)) isTest[row] = 1
    if (timeOf(byTime[nRows - 1]) !== timeOf(byTime[nRows])) continue
    nTied++
    if (Number.isNaN(timestamp[byTime[nRows]])) nUnknown++
  }
  return { isTest, isTrain: isTest.map((held) => 1 - held), notes: noteOnTies(nTied, nUnknown) }
}

function noteOnTies(nTied: number, nUnknown: number): string[] {
  if (nTied === 0) return []
  const users = nTied.toLocaleString('en-US')
  const unknown = nUnknown > 0 ? `, ${nUnknown.toLocaleString('en-US')} of them among unknown ones` : ''
  return [`for ${users} users a hash chose the last rows among equal times${unknown}`]
}

function knownOr(time: number, instead: number): number {
  return Number.isNaN(time) ? instead : time
}

/** Where the rows of each user lie: [start, end). Rows are sorted by user. */
export function* rowsOfUsers({
  interactions: { userIndex },
}: Dataset): Generator<[start: number, end: number]> {
  for (let start = 0, end = 0; start < userIndex.length; start = end) {
    while (end < userIndex.length && userIndex[end] === userIndex[start]) end++
    yield [start, end]
  }
}

/** A number in [0, 1) of each row, from a hash of its ids. */
export function rowPlaces({ users, items, interactions }: Dataset): (row: number) => number {
  const [userHashes, itemHashes] = [users.ids.map(hashId), items.ids.map(hashId)]
  return (row) =>
    combineHashes(userHashes[interactions.userIndex[row]], itemHashes[interactions.itemIndex[row]])
}
