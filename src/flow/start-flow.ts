import { spawn } from 'node:child_process'
import { ownProgram } from '../host.ts'

/**
 * Starts a command of this program that goes on when whoever asked for it is gone: a flow that is resumed from the dashboard. What
 * becomes of it is in the registry.
 */
export function startFlow(
  args: readonly string[],
  setting: {
    readonly dataDir: string
    readonly env: Readonly<Record<string, string | undefined>>
    readonly directory: string
  },
): void {
  const [file, ...first] = ownProgram()
  const child = spawn(file, [...first, ...args, '--data-dir', setting.dataDir, '--quiet'], {
    ...{ env: setting.env, cwd: setting.directory, detached: true, stdio: 'ignore' },
  })
  child.on('error', () => undefined)
  child.unref()
}
