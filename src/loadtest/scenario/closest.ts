import { distance } from 'fastest-levenshtein'

/** The known word that is a slip of the fingers away. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.min(3, Math.ceil(candidate.length / 2.5)))
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.candidate
}

/** `; did you mean "weight"?`, and nothing where no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = closest(word, known)
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`
}
