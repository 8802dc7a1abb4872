import { RecsysError } from '../errors.ts'

/** The error of a model whose files are not what they should be: which one, what was got, what was expected. */
export function corrupt(directory: string, what: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_ARTIFACT_CORRUPT', { message: `${directory}: ${what}`, cause })
}
