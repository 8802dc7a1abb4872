import { RecsysError } from '../errors.ts'

/** `5%` or `0.05`, above 0 and 1 at most. @throws RECSYS_USAGE naming the flag */
export function parseShare(text: string, field: string, zero: 'zero too' | 'not zero' = 'not zero'): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim())
  const share = match ? Number(match[1]) / (match[2] === '%' ? 100 : 1) : Number.NaN
  if (share <= 1 && (share > 0 || (share === 0 && zero === 'zero too'))) return share
  const least = zero === 'zero too' ? 'from 0 %' : 'above 0 %'
  throw new RecsysError('RECSYS_USAGE', {
    message: `--${field} is ${JSON.stringify(text)}, expected a share such as 5% or 0.05, ${least} to 100 %`,
    field,
  })
}
