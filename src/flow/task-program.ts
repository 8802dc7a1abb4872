import { ownProgram } from '../host.ts'
import type { Flow, TaskCommand } from './types.ts'

/** What is started for a command: this program once more, or a shell. */
export function programOf(command: TaskCommand, dataDir: string) {
  if (command.kind === 'shell') return { file: 'sh', args: ['-c', command.line], output: command.output }
  const [file, ...first] = ownProgram()
  const args = [...first, ...command.args, ...command.extraArgs, '--data-dir', dataDir, '--json']
  return { file, args, output: 'json' as const }
}

/** `PARAM_ALGO` for a parameter `algo`: the way of parameters into shell lines. */
export function paramsAsEnv(params: Flow['params']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      `PARAM_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
      String(value),
    ]),
  )
}
