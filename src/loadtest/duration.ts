import { readDuration } from '../duration.ts'
import { RecsysError } from '../errors.ts'

export interface DurationRange {
  readonly field: string
  readonly minMs: number
  readonly maxMs: number
}

/** `500ms`, `60s`, `5m`, `2h` or plain seconds as milliseconds. @throws RECSYS_USAGE naming the flag and its range */
export function parseDuration(text: string, range: DurationRange): number {
  const ms = readDuration(text) ?? Number.NaN
  if (ms >= range.minMs && ms <= range.maxMs) return ms
  throw new RecsysError('RECSYS_USAGE', {
    message: `--${range.field} is ${JSON.stringify(text)}, expected a time such as 500ms, 60s or 5m, from ${formatMs(range.minMs)} to ${formatMs(range.maxMs)}`,
    field: range.field,
  })
}

/** `0.1..0.5` or `0.2`, in seconds, as milliseconds. @throws RECSYS_USAGE */
export function parseWait(text: string): readonly [min: number, max: number] {
  const match = /^(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?$/.exec(text)
  const [min, max] = [Number(match?.[1]) * 1000, Number(match?.[2] ?? match?.[1]) * 1000]
  if (min <= max && max <= 3_600_000) return [min, max]
  throw new RecsysError('RECSYS_USAGE', {
    message: `--wait is ${JSON.stringify(text)}, expected seconds such as 0.1..0.5 or 0.2, the first not above the second, 3600 at most`,
    field: 'wait',
  })
}

function formatMs(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  return ms < 3_600_000 ? `${ms / 1000}s` : `${ms / 3_600_000}h`
}
