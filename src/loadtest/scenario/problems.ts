import { RecsysError } from '../../errors.ts'
import type { Position } from './document.ts'

/** One thing that is wrong with a scenario. */
export interface Problem {
  readonly at: Position
  /** What was found and what was expected. */
  readonly message: string
  readonly remedy: string
}

const mostShown = 20

/** The things that are wrong with one scenario file, in the order of the file. */
export class Problems {
  readonly file: string
  readonly #found: Problem[] = []

  constructor(file: string) {
    this.file = file
  }

  add(at: Position, message: string, remedy: string): void {
    this.#found.push({ at, message, remedy })
  }

  get some(): boolean {
    return this.#found.length > 0
  }

  /** @throws RECSYS_SCENARIO_INVALID naming each with file, line, column and remedy */
  throwIfSome(cause?: unknown): void {
    if (!this.some) return
    const problems = this.#found
      .toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
      .slice(0, mostShown)
    throw new RecsysError('RECSYS_SCENARIO_INVALID', {
      ...this.#texts(problems),
      field: 'scenario',
      data: { problems: problems.map(({ at, ...rest }) => ({ file: this.file, ...at, ...rest })) },
      cause,
    })
  }

  #texts(problems: readonly Problem[]): { message: string; remedy: string } {
    const [first, ...others] = problems as [Problem, ...Problem[]]
    if (others.length === 0) return { message: located(this.file, first), remedy: first.remedy }
    const lines = problems.map((problem) => `  ${located(this.file, problem)}. ${problem.remedy}`)
    const unseen = this.#found.length - problems.length
    if (unseen > 0) lines.push(`  and ${unseen} more`)
    return {
      message: `${this.#found.length} things are wrong in ${this.file}\n${lines.join('\n')}`,
      remedy: 'Mend them; `recsys loadtest init` writes an example that runs.',
    }
  }
}

function located(file: string, { at, message }: Problem): string {
  return `${file}:${at.line}:${at.column} ${message}`
}

/** An error of one thing, thrown at once. */
export function scenarioError(
  file: string,
  at: Position,
  text: { message: string; remedy: string; cause?: unknown },
) {
  const problems = new Problems(file)
  problems.add(at, text.message, text.remedy)
  try {
    problems.throwIfSome(text.cause)
  } catch (error) {
    return error as RecsysError
  }
  throw new Error('unreachable')
}

/** What was found, short enough for a line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
