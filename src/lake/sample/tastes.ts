import { type Film, genres } from './films.ts'
import type { Random } from './random.ts'

/**
 * Why somebody likes a film: how much each genre is theirs, and something individual that no genre explains.
 * Rows are `nTraits` floats wide, one row a user or a film.
 */
export interface Tastes {
  readonly nTraits: number
  readonly users: Float32Array
  readonly films: Float32Array
  /** How much a user rates above the others. */
  readonly userBias: Float32Array
  /** How much a film is rated above the others. */
  readonly filmBias: Float32Array
}

/** Traits beyond the genres. */
const nIndividual = 2

export function makeTastes(nUsers: number, films: readonly Film[], random: Random): Tastes {
  const nTraits = genres.length + nIndividual
  return {
    nTraits,
    users: rows(nUsers, nTraits, (traits) => fillUser(traits, random)),
    films: rows(films.length, nTraits, (traits, film) => fillFilm(traits, films[film]!, random)),
    userBias: Float32Array.from({ length: nUsers }, () => 0.35 * random.normal()),
    filmBias: Float32Array.from({ length: films.length }, () => 0.4 * random.normal()),
  }
}

/** What the taste of a user adds to a film's rating; mean about 0, standard deviation about 0.6. */
export function affinity({ nTraits, users, films }: Tastes, user: number, film: number): number {
  let sum = 0
  for (let t = 0; t < nTraits; t += 1) sum += users[user * nTraits + t]! * films[film * nTraits + t]!
  return sum
}

function rows(nRows: number, width: number, fill: (row: Float32Array, index: number) => void): Float32Array {
  const matrix = new Float32Array(nRows * width)
  for (let row = 0; row < nRows; row += 1) fill(matrix.subarray(row * width, (row + 1) * width), row)
  return matrix
}

/** A few genres are loved, a few are not, most leave cold. */
function fillUser(traits: Float32Array, random: Random): void {
  for (let t = 0; t < traits.length; t += 1) traits[t] = 0.15 * random.normal()
  for (let loved = 0; loved < 3; loved += 1) traits[random.below(genres.length)]! += 0.7
  for (let disliked = 0; disliked < 3; disliked += 1) traits[random.below(genres.length)]! -= 0.7
  for (let t = genres.length; t < traits.length; t += 1) traits[t] = 0.75 * random.normal()
}

/** The leading genre counts most; all genres together weigh one. */
function fillFilm(traits: Float32Array, film: Film, random: Random): void {
  const share = 1 / Math.sqrt(film.genres.length)
  for (const genre of film.genres) traits[genres.indexOf(genre)] = share
  for (let t = genres.length; t < traits.length; t += 1) traits[t] = 0.65 * random.normal()
}
