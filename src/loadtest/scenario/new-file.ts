import { writeFile } from 'node:fs/promises'
import { RecsysError } from '../../errors.ts'

/** Writes a file that was not there. @throws RECSYS_FILE_EXISTS | RECSYS_FILE_UNWRITABLE */
export async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new RecsysError('RECSYS_FILE_EXISTS', {
        message: `${path} is there already, expected a new file`,
        cause,
      })
    throw new RecsysError('RECSYS_FILE_UNWRITABLE', { message: `cannot write ${path}: ${message}`, cause })
  }
}
