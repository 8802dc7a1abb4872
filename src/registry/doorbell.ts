import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface Ring {
  readonly name: string
  readonly version: number
}

export function doorbellPath(dataDir: string): string {
  return join(dataDir, 'production.json')
}

/**
 * Tells running servers to look into the registry. Called after the commit of a change of production; a ring that is
 * lost is made good by their poll.
 */
export function ringDoorbell(dataDir: string, { name, version }: Ring): void {
  const path = doorbellPath(dataDir)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = openSync(temporary, 'wx')
    writeSync(file, `${JSON.stringify({ name, version, at: new Date().toISOString() })}\n`)
    fsyncSync(file)
    closeSync(file)
    renameSync(temporary, path)
  } catch {
    // The registry holds the truth; servers find it at their next poll.
    rmSync(temporary, { force: true })
  }
}
