import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../errors.ts'
import { createDirectory } from './durable-file.ts'
import { lakeDirectory } from './tables.ts'

/**
 * Runs an action with a directory of its own inside the lake, on the same file system as the tables, so that a finished
 * file moves into a table by rename. It is removed afterwards; what killed imports left behind is removed before.
 * @throws RECSYS_DATA_DIR_UNWRITABLE
 */
export async function withStaging<Result>(
  dataDir: string,
  action: (directory: string) => Promise<Result>,
): Promise<Result> {
  const root = join(lakeDirectory(dataDir), '.staging')
  const directory = await writing(dataDir, async () => openDirectory(root))
  try {
    return await writing(dataDir, () => action(directory))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function openDirectory(root: string): string {
  createDirectory(root)
  for (const name of readdirSync(root)) {
    if (!isRunning(Number(name.split('-')[0]))) rmSync(join(root, name), { recursive: true, force: true })
  }
  return mkdtempSync(join(root, `${process.pid}-`))
}

/** Signal 0 asks whether a process exists; EPERM says that it does and belongs to somebody else. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const unwritable = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'ENOSPC',
  'EDQUOT',
  'ENAMETOOLONG',
])

async function writing<Result>(dataDir: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof RecsysError || !(unwritable.has(code ?? '') || isDiskFull(message))) throw error
    throw new RecsysError('RECSYS_DATA_DIR_UNWRITABLE', {
      message: `cannot write to the data directory ${dataDir}: ${message}`,
      cause: error,
    })
  }
}

/** How DuckDB words ENOSPC and EACCES of the files it writes. */
function isDiskFull(message: string): boolean {
  return /No space left on device|Permission denied|Read-only file system/.test(message)
}
