import { RecsysError } from '../errors.ts'
import { parseDuration } from '../loadtest/duration.ts'

const oneMonthMs = 30 * 86_400_000

/** `90s`, `10m`, `2h`; none is none. @throws RECSYS_USAGE */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return parseDuration(text, { field: 'timeout', minMs: 1, maxMs: oneMonthMs })
}

/** `0.2` or `20%`. @throws RECSYS_USAGE */
export function parseValidation(text: string): number {
  const percent = text.endsWith('%')
  const digits = percent ? text.slice(0, -1) : text
  const share = digits.trim() === '' ? Number.NaN : Number(digits) / (percent ? 100 : 1)
  if (share > 0 && share < 1) return share
  throw new RecsysError('RECSYS_USAGE', {
    message: `--validation is ${JSON.stringify(text.slice(0, 60))}, expected a share between 0 and 1, such as 0.2 or 20%`,
    field: 'validation',
  })
}
