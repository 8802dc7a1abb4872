import { RecsysError } from '../errors.ts'

/** `key=value` texts as a record; a later one of the same key wins. @throws RECSYS_USAGE */
export function tagsFrom(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map(parseTag))
}

function parseTag(text: string): [key: string, value: string] {
  const equals = text.indexOf('=')
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)]
  throw new RecsysError('RECSYS_USAGE', {
    message: `--tag is ${JSON.stringify(text)}, expected key=value`,
    field: 'tag',
  })
}
