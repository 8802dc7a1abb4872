import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { readDuration } from '../duration.ts'
import { RecsysError } from '../errors.ts'
import type { ParamValues } from '../registry/types.ts'
import { type FlowSource, readFlowSource } from './flow-source.ts'
import { inOrder } from './order.ts'
import { hole, namesIn } from './template.ts'
import {
  type CachePolicy,
  type Flow,
  once,
  type RetryPolicy,
  type Task,
  type TaskCommand,
  type TaskCondition,
  taskConditions,
} from './types.ts'

type Path = readonly (string | number)[]
type Fields = Readonly<Record<string, unknown>>

/**
 * A flow from a file, checked as far as it can be without running it.
 * @param given  parameters of the command line; the flow has to have them
 * @throws RECSYS_FLOW_INVALID naming every place at fault
 */
export function readFlow(file: string, given: ParamValues): Flow {
  return new FlowReader(readFlowSource(file, given), given).flow()
}

const flowFields = ['name', 'description', 'lock', 'parallel', 'params', 'tasks']
const taskFields = [
  ...['description', 'recsys', 'shell', 'output', 'needs', 'when', 'may-fail', 'retry', 'timeout', 'cache'],
  ...['skip-on', 'undo', 'env'],
]
const retryFields = ['attempts', 'delay', 'factor', 'max-delay', 'jitter', 'on']

class FlowReader {
  readonly #source: FlowSource
  readonly #given: ParamValues
  readonly #problems: string[] = []

  constructor(source: FlowSource, given: ParamValues) {
    this.#source = source
    this.#given = given
  }

  flow(): Flow {
    const { document } = this.#source
    const fields = this.#map([], document, flowFields)
    const name = this.#text(['name'], fields.name) ?? 'flow'
    const params = this.#params(fields.params)
    const written = Object.entries(this.#map(['tasks'], fields.tasks ?? {}))
    if (written.length === 0) this.#problem(['tasks'], 'has no tasks', 'at least one')
    const tasks = written.map(([id, task]) => this.#task(id, task))
    const { tasks: ordered, circle } = inOrder(this.#checked(tasks, params))
    if (circle.length > 0)
      this.#problem(['tasks', circle[0]!, 'needs'], `goes in a circle: ${circle.join(' → ')}`, 'an order')
    const flow = {
      name,
      description: this.#text(['description'], fields.description) ?? '',
      lock: fields.lock === false ? null : (this.#text(['lock'], fields.lock) ?? name),
      params,
      directory: dirname(resolve(this.#source.file)),
      maxParallel: this.#number(['parallel'], fields.parallel, 1, 256) ?? availableParallelism(),
      tasks: ordered,
    }
    this.#throwIfSome()
    return flow
  }

  #params(value: unknown): ParamValues {
    const known = this.#map(['params'], value ?? {})
    for (const name of Object.keys(this.#given)) {
      if (name in known) continue
      const names = Object.keys(known).join(', ') || 'none'
      this.#problems.push(`${this.#source.file} has no parameter ${name}, expected one of: ${names}`)
    }
    const params = Object.entries(known).map(([name, usual]) => {
      if (!['string', 'number', 'boolean'].includes(typeof usual))
        this.#problem(['params', name], `is ${shown(usual)}`, 'a text, a number, true or false')
      return [name, likeUsual(this.#given[name], usual)]
    })
    return Object.fromEntries(params) as ParamValues
  }

  #task(id: string, value: unknown): Task {
    const at = ['tasks', id]
    if (!/^[\w-]{1,60}$/.test(id))
      this.#problem(at, `is called ${shown(id)}`, 'letters, digits, - and _, 60 at most')
    const fields = this.#map(at, value, taskFields)
    return {
      id,
      description: this.#text([...at, 'description'], fields.description) ?? '',
      command: this.#command(at, fields),
      needs: this.#texts([...at, 'needs'], fields.needs),
      when: this.#condition([...at, 'when'], fields.when),
      mayFail: this.#yes([...at, 'may-fail'], fields['may-fail']),
      retry: this.#retry([...at, 'retry'], fields.retry),
      timeoutMs: this.#duration([...at, 'timeout'], fields.timeout) ?? null,
      cache: this.#cache([...at, 'cache'], fields.cache),
      skipOn: this.#list([...at, 'skip-on'], fields['skip-on']).map((code, index) => {
        return this.#number([...at, 'skip-on', index], code, 1, 255) ?? 0
      }),
      undo:
        fields.undo === undefined
          ? null
          : this.#command([...at, 'undo'], this.#map([...at, 'undo'], fields.undo, ['recsys', 'shell'])),
      env: this.#env([...at, 'env'], fields.env),
    }
  }

  #command(at: Path, { recsys, shell, output }: Fields): TaskCommand {
    if ((recsys === undefined) === (shell === undefined))
      this.#problem(
        at,
        `has ${recsys === undefined ? 'neither recsys nor shell' : 'recsys and shell'}`,
        'one of the two',
      )
    if (recsys !== undefined) {
      const args = typeof recsys === 'string' ? words(recsys) : this.#texts([...at, 'recsys'], recsys)
      if (args.length === 0)
        this.#problem([...at, 'recsys'], 'is empty', 'a command such as train --algo svd')
      return { kind: 'recsys', args, extraArgs: [] }
    }
    const line = this.#text([...at, 'shell'], shell) ?? ''
    if (namesIn(line).length > 0) {
      this.#problem(
        [...at, 'shell'],
        `has ${hole('…')} in a shell line, where a value could become a command`,
        'a parameter as "$PARAM_NAME"',
      )
    }
    if (output !== undefined && output !== 'json' && output !== 'lines')
      this.#problem([...at, 'output'], `is ${shown(output)}`, 'json or lines')
    return { kind: 'shell', line, output: output === 'json' ? 'json' : 'lines' }
  }

  #condition(at: Path, value: unknown): TaskCondition {
    const found = taskConditions.find((condition) => condition === value)
    if (value !== undefined && !found) this.#problem(at, `is ${shown(value)}`, taskConditions.join(', '))
    return found ?? 'all-succeeded'
  }

  #retry(at: Path, value: unknown): RetryPolicy {
    if (value === undefined) return once
    const fields = typeof value === 'number' ? { attempts: value } : this.#map(at, value, retryFields)
    const jitter = typeof fields.jitter === 'string' ? percent(fields.jitter) : fields.jitter
    const on = fields.on === undefined ? once.on : this.#list([...at, 'on'], fields.on)
    for (const cause of on) {
      const known = typeof cause === 'number' || /^(timeout|crash|RECSYS_\w+)$/.test(String(cause))
      if (!known)
        this.#problem([...at, 'on'], `has ${shown(cause)}`, 'exit codes, RECSYS_… codes, timeout, crash')
    }
    return {
      attempts: this.#number([...at, 'attempts'], fields.attempts, 1, 1000) ?? 3,
      delayMs: this.#duration([...at, 'delay'], fields.delay) ?? 10_000,
      factor: this.#number([...at, 'factor'], fields.factor, 1, 100, false) ?? once.factor,
      maxDelayMs: this.#duration([...at, 'max-delay'], fields['max-delay']) ?? once.maxDelayMs,
      jitter: this.#number([...at, 'jitter'], jitter, 0, 1, false) ?? once.jitter,
      on: on as RetryPolicy['on'],
    }
  }

  #cache(at: Path, value: unknown): CachePolicy | null {
    if (value === undefined || value === false) return null
    if (value === true) return { inputs: [], outputs: [] }
    const { inputs, outputs } = this.#map(at, value, ['inputs', 'outputs'])
    return {
      inputs: this.#texts([...at, 'inputs'], inputs),
      outputs: this.#texts([...at, 'outputs'], outputs),
    }
  }

  #env(at: Path, value: unknown): Readonly<Record<string, string>> {
    const entries = Object.entries(this.#map(at, value ?? {}))
    return Object.fromEntries(entries.map(([name, text]) => [name, this.#text([...at, name], text) ?? '']))
  }

  /** What only shows when all tasks are known. */
  #checked(tasks: readonly Task[], params: ParamValues): readonly Task[] {
    const ids = new Set(tasks.map(({ id }) => id))
    for (const { id, needs, command } of tasks) {
      const unknown = needs.filter((need) => !ids.has(need))
      for (const need of unknown)
        this.#problem(['tasks', id, 'needs'], `has ${need}`, `tasks: ${[...ids].join(', ')}`)
      if (command.kind === 'recsys') this.#checkNames(id, command.args, params, new Set(needs))
    }
    return tasks.map((task) => ({ ...task, needs: task.needs.filter((need) => ids.has(need)) }))
  }

  #checkNames(id: string, args: readonly string[], params: ParamValues, needs: ReadonlySet<string>): void {
    for (const name of args.flatMap(namesIn)) {
      const [root, key] = name.split('.')
      const isKnown =
        (root === 'params' && key! in params) ||
        (root === 'tasks' && needs.has(key!)) ||
        name === 'run.id' ||
        name === 'task.key'
      if (isKnown) continue
      const names = [
        ...Object.keys(params).map((param) => `params.${param}`),
        ...[...needs].map((need) => `tasks.${need}.…`),
        'run.id',
        'task.key',
      ]
      this.#problem(
        ['tasks', id, 'recsys'],
        `has ${hole(name)}`,
        `one of ${names.join(', ')}; a task has to be in needs`,
      )
    }
  }

  #map(at: Path, value: unknown, known?: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#problem(at, `is ${shown(value)}`, 'keys and values')
      return {}
    }
    const unknown = known ? Object.keys(value).filter((key) => !known.includes(key)) : []
    for (const key of unknown) this.#problem([...at, key], 'is not known', known!.join(', '))
    return value as Fields
  }

  #list(at: Path, value: unknown): readonly unknown[] {
    if (value === undefined) return []
    if (typeof value === 'object' && !Array.isArray(value)) this.#problem(at, `is ${shown(value)}`, 'a list')
    return Array.isArray(value) ? value : [value]
  }

  #texts(at: Path, value: unknown): string[] {
    return this.#list(at, value).map((text, index) => this.#text([...at, index], text) ?? '')
  }

  #text(at: Path, value: unknown): string | undefined {
    if (value === undefined) return undefined
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return String(value)
    this.#problem(at, `is ${shown(value)}`, 'a text')
    return undefined
  }

  #yes(at: Path, value: unknown): boolean {
    if (value !== undefined && typeof value !== 'boolean')
      this.#problem(at, `is ${shown(value)}`, 'true or false')
    return value === true
  }

  #number(at: Path, value: unknown, min: number, max: number, isWhole = true): number | undefined {
    if (value === undefined) return undefined
    const isFine =
      typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value))
    if (isFine) return value
    this.#problem(at, `is ${shown(value)}`, `a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`)
    return undefined
  }

  #duration(at: Path, value: unknown): number | undefined {
    if (value === undefined) return undefined
    const ms = readDuration(String(value))
    if (ms === undefined) this.#problem(at, `is ${shown(value)}`, 'a time such as 500ms, 30s, 5m or 2h')
    return ms
  }

  #problem(path: Path, got: string, expected: string): void {
    const { file, placeOf } = this.#source
    const place = placeOf(path)
    this.#problems.push(
      `${file}${place ? `:${place}` : ''} ${path.join('.') || 'the flow'} ${got}, expected ${expected}`,
    )
  }

  #throwIfSome(): void {
    if (this.#problems.length === 0) return
    throw new RecsysError('RECSYS_FLOW_INVALID', {
      message: this.#problems.slice(0, 20).join('\n'),
      field: 'file',
    })
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** The words of a line, as a shell would split them: blanks part, quotes hold together. Nothing else has a meaning. */
export function words(line: string): string[] {
  const found = line.match(/(?:\$\{\{.*?\}\}|[^\s"']|"[^"]*"|'[^']*')+/g) ?? []
  return found.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single))
}

function percent(text: string): number | string {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text)
  return match ? Number(match[1]) / 100 : text
}

/** What the command line gave is text; it becomes what the usual value is. */
function likeUsual(given: ParamValues[string] | undefined, usual: unknown): unknown {
  if (given === undefined) return usual
  if (typeof usual === 'number' && given !== '' && Number.isFinite(Number(given))) return Number(given)
  if (typeof usual === 'boolean' && (given === 'true' || given === 'false')) return given === 'true'
  return given
}
