import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { RecsysError } from '../errors.ts'

/**
 * Writes a directory of files that is there as a whole or not at all, also after a power loss.
 * @throws RECSYS_ARTIFACT_EXISTS, RECSYS_DATA_DIR_UNWRITABLE
 */
export async function writeDirectory(
  directory: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const parent = dirname(directory)
  const temporary = join(parent, temporaryName(basename(directory)))
  try {
    await mkdir(parent, { recursive: true })
    await removeAbandoned(parent)
    await mkdir(temporary)
    for (const [name, bytes] of Object.entries(files)) await writeSynced(join(temporary, name), bytes)
    await syncDirectory(temporary)
    refuseExisting(directory)
    // The commit point: before it nothing is visible, after it all of it is.
    await rename(temporary, directory)
    await syncDirectory(parent)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    throw explained(error, directory)
  }
}

/** A name that says whose it is, so that what a killed process left behind can be told from work in progress. */
function temporaryName(target: string): string {
  return `.writing-${hostId()}-${process.pid}-${randomBytes(4).toString('hex')}-${target}`
}

/** Removes what processes of this machine that are gone have left behind. */
async function removeAbandoned(parent: string): Promise<void> {
  const ofThisHost = new RegExp(`^\\.writing-${hostId()}-(\\d+)-`)
  for (const name of await readdir(parent)) {
    const owner = ofThisHost.exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

function hostId(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; its file systems journal the rename themselves.
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A rename would silently take the place of an empty directory. */
function refuseExisting(directory: string): void {
  if (!existsSync(directory)) return
  throw new RecsysError('RECSYS_ARTIFACT_EXISTS', { message: `${directory} exists already` })
}

function explained(error: unknown, directory: string): unknown {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (syscall === 'rename' && (code === 'ENOTEMPTY' || code === 'EEXIST')) {
    return new RecsysError('RECSYS_ARTIFACT_EXISTS', { message: `${directory} exists already`, cause: error })
  }
  const remedy =
    code === 'ENOSPC' || code === 'EDQUOT' ? 'Free some space on the disk and try again.' : undefined
  if (!remedy && !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code ?? '')) return error
  return new RecsysError('RECSYS_DATA_DIR_UNWRITABLE', {
    message: `cannot write ${directory}: ${message}`,
    ...(remedy ? { remedy } : {}),
    cause: error,
  })
}
