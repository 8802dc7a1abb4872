import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { spawnRecsys, type WhenOver } from './run-recsys.ts'

export interface RunningServer {
  readonly url: string
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>
}

/** `recsys serve` on a free port, in a process of its own; resolves when it says where it listens. */
export async function startServer(
  dataDir: string,
  whenOver: WhenOver = onTestFinished,
): Promise<RunningServer> {
  const child = spawnRecsys(['serve', '--port', '0', '--data-dir', dataDir])
  const ended = once(child, 'exit') as Promise<[number | null]>
  whenOver(() => void child.kill('SIGKILL'))
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const url = await Promise.race([firstUrl(child.stdout!), ended.then(() => undefined)])
  if (url === undefined) throw new Error(`serve ended before it listened:\n${log}`)
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      return (await ended)[0]
    },
  }
}

async function firstUrl(stdout: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdout })) {
    const url = /http:\/\/[\w.:[\]-]+/.exec(line)?.[0]
    if (url) {
      stdout.resume()
      return url
    }
  }
  return undefined
}
