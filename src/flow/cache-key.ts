import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { RecsysError } from '../errors.ts'
import type { TaskResult } from '../registry/flow-types.ts'
import type { Task } from './types.ts'

export interface CacheQuestion {
  readonly task: Task
  /** With its holes filled in. */
  readonly args: readonly string[]
  readonly programVersion: string
  /** Of the table `interactions`; null without a lake. */
  readonly lakeVersion: number | null
  readonly params: Readonly<Record<string, unknown>>
  readonly directory: string
}

/**
 * SHA-256 of all that a result depends on: the program's version, what is run, parameters, lake version, input files. Threads and
 * keys do not change a result and are left out.
 * @throws RECSYS_FLOW_INVALID for an input that cannot be read
 */
export async function cacheKey({
  task,
  args,
  programVersion,
  lakeVersion,
  params,
  directory,
}: CacheQuestion): Promise<string> {
  const { command, env, cache } = task
  const hash = createHash('sha256')
  const what = command.kind === 'recsys' ? { args } : { line: command.line, params }
  hash.update(JSON.stringify([programVersion, what, lakeVersion, Object.entries(env).sort()]))
  for (const input of cache?.inputs ?? [])
    hash.update(JSON.stringify([input, await fileDigest(directory, input)]))
  return hash.digest('hex')
}

async function fileDigest(directory: string, path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(join(directory, path)), hash)
  } catch (cause) {
    throw new RecsysError('RECSYS_FLOW_INVALID', {
      message: `the input ${path} cannot be read: ${(cause as Error).message}`,
      cause,
    })
  }
  return hash.digest('hex')
}

/** A result is of no use when the files it speaks of are gone. */
export function isStillThere(
  result: TaskResult,
  { cache }: Task,
  { dataDir, directory }: { readonly dataDir: string; readonly directory: string },
): boolean {
  const { artifactPath } = result
  const outputs = (cache?.outputs ?? []).map((path) => join(directory, path))
  const artifact = typeof artifactPath === 'string' ? [join(dataDir, artifactPath, 'manifest.json')] : []
  return [...outputs, ...artifact].every((path) => existsSync(path))
}
