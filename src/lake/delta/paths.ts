import { isAbsolute, join } from 'node:path'

/** A log path as one name a file: decoded, `file:` scheme and doubled slashes gone. */
export function canonicalPath(path: string): string {
  const decoded = decode(path)
  const match = /^file:\/*(?=\/)/.exec(decoded)
  return match ? decoded.slice(match[0].length) : decoded
}

/** Where a data file lies on this machine. */
export function filePath(tableDirectory: string, path: string): string {
  const canonical = canonicalPath(path)
  return isAbsolute(canonical) ? canonical : join(tableDirectory, canonical)
}

/** A path relative to the table as the log writes it: percent-encoded, slashes kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** A stray `%` that encodes nothing is taken as it stands. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return path
    throw error
  }
}
