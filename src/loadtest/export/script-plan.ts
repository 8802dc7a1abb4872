import { basename, dirname, extname, join } from 'node:path'
import { RecsysError } from '../../errors.ts'
import type { StepDocument } from '../scenario/document.ts'
import { cellReader, type Feed } from '../scenario/feeds.ts'
import { planStep, type StepPlan } from '../scenario/step-plan.ts'
import type { ExportedFile, ExportOptions } from './types.ts'

/** What every script says, each in its own language. */
export interface ScriptPlan {
  readonly name: string
  readonly setup: readonly StepPlan[]
  readonly tasks: readonly TaskPlan[]
  readonly teardown: readonly StepPlan[]
  readonly feeds: readonly FeedPlan[]
}

export interface TaskPlan {
  /** A name that both languages take for a function. */
  readonly id: string
  readonly name: string
  readonly weight: number
  readonly steps: readonly StepPlan[]
}

export interface FeedPlan extends Pick<Feed, 'order' | 'exponent' | 'cursor' | 'hold'> {
  readonly name: string
  /** Rows as a JSON text, or the name of the file beside the script that has it. */
  readonly rows: { readonly json: string } | { readonly file: string }
}

/** @throws RECSYS_SCENARIO_NOT_EXPORTABLE for steps that are code */
export function planScript(options: ExportOptions): { plan: ScriptPlan; files: ExportedFile[] } {
  const { document, feeds, file } = options.scenario
  const planned = (steps: readonly StepDocument[]) => steps.map((step) => plannedStep(step, options))
  const written = Object.entries(feeds).map(([name, feed]) => planFeed(name, feed, options.out))
  const plan = {
    name: `${document.name} (${basename(file)})`,
    setup: planned(document.setup),
    tasks: document.tasks.map((task, i) => ({ ...task, id: `task_${i + 1}`, steps: planned(task.steps) })),
    teardown: planned(document.teardown),
    feeds: written.map(({ feed }) => feed),
  }
  return { plan, files: written.flatMap(({ beside }) => (beside ? [beside] : [])) }
}

function plannedStep(step: StepDocument, { scenario, waitMs }: ExportOptions): StepPlan {
  const code = step.request ? 'request' : step.judge ? 'check' : undefined
  if (code !== undefined) {
    throw new RecsysError('RECSYS_SCENARIO_NOT_EXPORTABLE', {
      message: `${scenario.file}:${step.at.line}:${step.at.column} ${code} of ${JSON.stringify(step.name)} is a function, expected a declaration: code of one tool is not code of another`,
      field: 'scenario',
    })
  }
  return { waitMs, ...planStep(step, scenario.document) }
}

function planFeed(
  name: string,
  feed: Feed,
  out: string | undefined,
): { feed: FeedPlan; beside?: ExportedFile } {
  const { order, exponent, cursor, hold } = feed
  const json = rowsJson(feed)
  if (out === undefined) return { feed: { name, order, exponent, cursor, hold, rows: { json } } }
  const file = `${basename(out, extname(out))}.${name}.json`
  return {
    feed: { name, order, exponent, cursor, hold, rows: { file } },
    beside: { path: join(dirname(out), file), text: `${json}\n` },
  }
}

function rowsJson({ columns, nRows }: Feed): string {
  const readers = Object.entries(columns).map(([name, column]) => [name, cellReader(column)] as const)
  const rows = Array.from({ length: nRows }, (_, row) =>
    JSON.stringify(Object.fromEntries(readers.map(([name, read]) => [name, read(row)]))),
  )
  return `[${rows.join(',\n')}]`
}
