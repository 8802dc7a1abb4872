/** How a delimited text is cut into fields. */
export interface Dialect {
  readonly delimiter: string
  /** `"` or empty where the file does not quote. */
  readonly quote: string
}

/** Tried in this order; the first that cuts nearly all lines into the same number of fields, at least three, is taken. */
const delimiters = ['\t', ',', ';', '|', '::', ' '] as const

/** Share of sample lines that must agree on the number of fields. */
const agreement = 0.8

export interface Guess extends Dialect {
  /** The most frequent number of fields a line. */
  readonly nFields: number
  /** Share of the lines that have it. */
  readonly share: number
}

/** The dialect of some lines, the delimiter given or guessed; undefined when no delimiter cuts them alike. */
export function guessDialect(lines: readonly string[], given?: string): Guess | undefined {
  const guesses = (given === undefined ? delimiters : [given]).map((delimiter) => judge(lines, delimiter))
  if (given !== undefined) return guesses[0]
  const consistent = guesses.filter(({ share, nFields }) => share >= agreement && nFields >= 2)
  return consistent.find(({ nFields }) => nFields >= 3) ?? consistent[0]
}

function judge(lines: readonly string[], delimiter: string): Guess {
  const quote = usesQuotes(lines, delimiter) ? '"' : ''
  const counts = new Map<number, number>()
  for (const line of lines) {
    const nFields = splitFields(line, { delimiter, quote }).length
    counts.set(nFields, (counts.get(nFields) ?? 0) + 1)
  }
  const [nFields, nLines] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [1, 0])
  return { delimiter, quote, nFields, share: nLines / lines.length }
}

/** Comma and semicolon files may quote anywhere; others only when the sample shows a quoted field. */
function usesQuotes(lines: readonly string[], delimiter: string): boolean {
  if (delimiter === ',' || delimiter === ';') return true
  return lines.some((line) => line.split(delimiter).some((field) => /^".*"$/.test(field)))
}

/** The fields of one line, quotes taken off. */
export function splitFields(line: string, { delimiter, quote }: Dialect): string[] {
  if (quote === '' || !line.includes(quote)) return line.split(delimiter)
  const fields: string[] = []
  let at = 0
  while (at <= line.length) {
    const { field, end } = line[at] === quote ? quotedField(line, at, quote) : { field: undefined, end: at }
    const next = line.indexOf(delimiter, end)
    const stop = next < 0 ? line.length : next
    fields.push(field ?? line.slice(at, stop))
    at = stop + delimiter.length
    if (next < 0) break
  }
  return fields
}

/** A doubled quote inside a quoted field stands for one. */
function quotedField(line: string, start: number, quote: string): { field: string; end: number } {
  let end = start + 1
  while (end < line.length && (line[end] !== quote || line[end + 1] === quote))
    end += line[end] === quote ? 2 : 1
  return { field: line.slice(start + 1, end).replaceAll(quote + quote, quote), end: end + 1 }
}
