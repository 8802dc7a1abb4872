import { RecsysError } from '../errors.ts'

/** A version as people write it, `3` or `v3`; none is none. @throws RECSYS_USAGE */
export function parseVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const digits = /^v?([1-9]\d{0,8})$/.exec(text)?.[1]
  if (digits !== undefined) return Number(digits)
  throw new RecsysError('RECSYS_USAGE', {
    message: `the version is ${JSON.stringify(text.slice(0, 60))}, expected a number from 1 up, such as 3 or v3`,
    field: 'version',
  })
}
