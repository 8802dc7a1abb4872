import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, Config } from '@oclif/core'
import { onTestFinished, vi } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Registers what to do when something is over: `onTestFinished` for one test, `afterAll` for all of a file. */
export type WhenOver = (cleanUp: () => void) => void

/** A directory of its own, by default for one test, removed when that is over. */
export function temporaryDirectory(whenOver: WhenOver = onTestFinished): string {
  const directory = mkdtempSync(join(tmpdir(), 'recsys-test-'))
  whenOver(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts the program from its sources in a process of its own. */
export function spawnRecsys(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(root, 'bin/dev.js'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs the program from its sources in a process of its own until it ends. */
export async function runRecsys(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawnRecsys(args, env)
  let [stdout, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { stdout, stderr, exitCode: exitCode ?? -1 }
}

type RunnableCommand = { run(argv?: string[], options?: Config): Promise<unknown> } & typeof Command

/** Runs one command class in this process, so that coverage sees it. Not for two at once. */
export async function runCommand(command: unknown, args: readonly string[]): Promise<Outcome> {
  const config = await Config.load({ root })
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  process.exitCode = undefined
  try {
    await (command as RunnableCommand).run([...args], config)
  } catch (error) {
    process.exitCode = (error as { oclif?: { exit?: number } }).oclif?.exit ?? 1
    process.stderr.write(String(error))
  } finally {
    stdout.restore()
    stderr.restore()
  }
  const exitCode = Number(process.exitCode ?? 0)
  process.exitCode = undefined
  return { stdout: stdout.text(), stderr: stderr.text(), exitCode }
}

function capture(stream: NodeJS.WriteStream) {
  let written = ''
  const spy = vi.spyOn(stream, 'write').mockImplementation(((
    chunk: string | Uint8Array,
    ...rest: unknown[]
  ) => {
    written += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
    const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined
    done?.()
    return true
  }) as typeof stream.write)
  return { text: () => written, restore: () => spy.mockRestore() }
}
