import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { RecsysError } from '../errors.ts'

/** More than this adds nothing to a load test; the rest of the file is not read. */
export const maxUserIds = 1_000_000

/** One user id a line; blank lines are skipped. @throws RECSYS_USER_IDS_UNREADABLE */
export async function readUserIdsFile(path: string): Promise<string[]> {
  const userIds = await readLines(path).catch((cause) => {
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (userIds.length === 0) throw unreadable(path, 'it holds no id')
  return userIds
}

async function readLines(path: string): Promise<string[]> {
  const lines: string[] = []
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    if (line.trim() !== '') lines.push(line.trim())
    if (lines.length >= maxUserIds) break
  }
  return lines
}

function unreadable(path: string, reason: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_USER_IDS_UNREADABLE', {
    message: `cannot read user ids from ${path}: ${reason}`,
    field: 'user-ids',
    cause,
  })
}
