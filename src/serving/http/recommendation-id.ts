import { randomBytes } from 'node:crypto'
import type { ServedModel } from '../ranking/served-model.ts'
import type { AppContext } from './app-context.ts'

const prefix = randomBytes(6).toString('base64url')
let count = 0

/** `v<version>.<random>.<number>`: new for every answer; it names the version, so that feedback needs no look-up. */
export function recommendationId(model: ServedModel): string {
  count++
  return `v${model.identity.version ?? 0}.${prefix}.${count.toString(36)}`
}

/** The version that made a recommendation; null for popular items made on the spot. */
export function versionOf(id: string): number | null {
  const version = Number(/^v(\d{1,9})\./.exec(id)?.[1] ?? 0)
  return version === 0 ? null : version
}

export const recommendationIdPattern = '^v\\d{1,9}\\.[\\w-]{1,40}\\.[0-9a-z]{1,20}$'

/** Gives an answer its id and counts it. @param text  JSON of an object that is not empty */
export function withId(context: AppContext, model: ServedModel, text: string): string {
  context.tally.recommended(model.identity.version)
  return `{"recommendationId":"${recommendationId(model)}",${text.slice(1)}`
}
