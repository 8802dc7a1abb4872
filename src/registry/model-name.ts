import { RecsysError } from '../errors.ts'

const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** @throws RECSYS_USAGE for a name that could not be part of a path or a metric */
export function requireModelName(name: string): void {
  if (pattern.test(name)) return
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name
  throw new RecsysError('RECSYS_USAGE', {
    message: `--name is ${JSON.stringify(shown)}, expected 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit`,
    field: 'name',
  })
}
