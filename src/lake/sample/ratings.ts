import type { Random } from './random.ts'
import { affinity, type Tastes } from './tastes.ts'

/** Ratings as parallel columns of indices, by user. */
export interface SampleRatings {
  readonly userIndex: Int32Array
  readonly filmIndex: Int32Array
  /** 1 to 5 in half steps. */
  readonly rating: Float32Array
  /** Unix seconds. */
  readonly timestamp: Float64Array
}

const day = 86_400
/** The sample begins on 1 January 2023 and lasts two years. */
const beginning = Date.UTC(2023, 0, 1) / 1000
const end = beginning + 730 * day

/** Exponent of the long tail: film of rank r is met in proportion to (r + 10)^-tail. */
const tail = 0.9

export function makeRatings(
  nUsers: number,
  nFilms: number,
  nRatings: number,
  tastes: Tastes,
  random: Random,
): SampleRatings {
  const counts = countsPerUser(nUsers, nFilms, nRatings, random)
  const popularity = cumulativePopularity(nFilms)
  const ratings = {
    userIndex: new Int32Array(nRatings),
    filmIndex: new Int32Array(nRatings),
    rating: new Float32Array(nRatings),
    timestamp: new Float64Array(nRatings),
  }
  const seenBy = new Int32Array(nFilms).fill(-1)
  let row = 0
  for (let user = 0; user < nUsers; user += 1) {
    const films = pickFilms(user, counts[user]!, popularity, tastes, seenBy, random)
    const times = sessionTimes(films.length, random)
    for (const [i, film] of films.entries()) {
      ratings.userIndex[row] = user
      ratings.filmIndex[row] = film
      ratings.rating[row] = rate(user, film, tastes, random)
      ratings.timestamp[row] = times[i]!
      row += 1
    }
  }
  return ratings
}

/** Log-normal activity, at least one and at most every film, summing to `nRatings`. */
function countsPerUser(nUsers: number, nFilms: number, nRatings: number, random: Random): Int32Array {
  const weights = Float64Array.from({ length: nUsers }, () => Math.exp(0.8 * random.normal()))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const floor = Math.min(10, Math.floor(nRatings / nUsers / 2))
  const free = nRatings - floor * nUsers
  const counts = Int32Array.from(weights, (weight) =>
    Math.min(nFilms, floor + Math.floor((free * weight) / total)),
  )
  let left = nRatings - counts.reduce((sum, count) => sum + count, 0)
  for (let user = 0; left > 0; user = (user + 1) % nUsers) {
    const more = Math.min(nFilms - counts[user]!, Math.ceil(left / nUsers))
    counts[user]! += Math.min(more, left)
    left -= Math.min(more, left)
  }
  return counts
}

function cumulativePopularity(nFilms: number): Float64Array {
  const cumulative = new Float64Array(nFilms)
  let sum = 0
  for (let film = 0; film < nFilms; film += 1) {
    sum += (film + 10) ** -tail
    cumulative[film] = sum
  }
  return cumulative
}

/**
 * People meet films by their popularity and see those they expect to like. Whoever has seen nearly everything takes
 * what is left, so that the draw ends.
 */
function pickFilms(
  user: number,
  count: number,
  popularity: Float64Array,
  tastes: Tastes,
  seenBy: Int32Array,
  random: Random,
): number[] {
  const films: number[] = []
  const see = (film: number) => {
    seenBy[film] = user
    films.push(film)
  }
  for (let tries = 0; films.length < count && tries < 30 * count; tries += 1) {
    const film = draw(popularity, random)
    const expected = affinity(tastes, user, film) + tastes.filmBias[film]!
    if (seenBy[film] !== user && random.next() < 1 / (1 + Math.exp(-1.5 * expected))) see(film)
  }
  const start = random.below(popularity.length)
  for (let i = 0; films.length < count; i += 1) {
    const film = (start + i) % popularity.length
    if (seenBy[film] !== user) see(film)
  }
  return films
}

/** Index of a film, by bisection of the cumulated popularity. */
function draw(cumulative: Float64Array, random: Random): number {
  const target = random.next() * cumulative.at(-1)!
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! > target) high = middle
    else low = middle + 1
  }
  return low
}

/** Truth plus mood, in half stars. */
function rate(user: number, film: number, tastes: Tastes, random: Random): number {
  const truth = 3.4 + tastes.userBias[user]! + tastes.filmBias[film]! + affinity(tastes, user, film)
  return Math.min(5, Math.max(1, Math.round(2 * (truth + 0.55 * random.normal())) / 2))
}

/** Somebody joins on some day and comes back for an evening now and then; a rating every minute or two. */
function sessionTimes(count: number, random: Random): number[] {
  const times: number[] = []
  const joined = beginning + random.next() * 600 * day
  const gap = ((end - joined) / (1 + count / 6)) * 1.2
  let evening = joined
  while (times.length < count) {
    const nInSession = Math.min(count - times.length, 1 + random.below(12))
    let at = Math.floor(evening / day) * day + (17 + 6 * random.next()) * 3600
    for (let i = 0; i < nInSession; i += 1) {
      times.push(Math.min(end - 1, Math.floor(at)))
      at += 30 + 180 * random.next()
    }
    evening = Math.min(end - day, evening - gap * Math.log(1 - random.next()))
  }
  return times
}
