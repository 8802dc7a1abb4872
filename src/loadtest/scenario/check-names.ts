import { didYouMean } from './closest.ts'
import type { Position, ScenarioDocument, StepDocument } from './document.ts'
import { child, entriesOf, itemsOf, type Node } from './node.ts'
import { type Problems, shown } from './problems.ts'
import { methods } from './scenario-spec.ts'
import { type Placeholder, parseTemplate, placeholdersOf, TemplateError } from './template.ts'

/** The columns of each feed, by name. */
export type FeedColumns = Readonly<Record<string, readonly string[]>>

/**
 * Whether every placeholder names a column of a feed, or a value that an earlier step of its task, or setup, carries.
 * Functions of a module may use whatever they like.
 * @param node  the scenario that the document was read from
 */
export function checkNames(
  node: Node,
  document: ScenarioDocument,
  feeds: FeedColumns,
  problems: Problems,
): void {
  const checker = new NameChecker(document, feeds, problems)
  for (const { key, value } of entriesOf(child(node, 'headers'))) checker.checkTexts(value, new Set(), key)
  const fromSetup = new Set<string>()
  checker.checkSteps(itemsOf(child(node, 'setup')), document.setup, fromSetup)
  for (const [i, taskNode] of itemsOf(child(node, 'tasks')).entries()) {
    const steps = child(taskNode, 'steps')
    checker.checkSteps(steps ? itemsOf(steps) : [taskNode], document.tasks[i]!.steps, new Set(fromSetup))
  }
  checker.checkSteps(itemsOf(child(node, 'teardown')), document.teardown, new Set(fromSetup))
}

class NameChecker {
  readonly #feeds: FeedColumns
  readonly #problems: Problems
  readonly #allCarried: ReadonlySet<string>

  constructor(document: ScenarioDocument, feeds: FeedColumns, problems: Problems) {
    this.#feeds = feeds
    this.#problems = problems
    const steps = [...document.setup, ...document.tasks.flatMap((task) => task.steps), ...document.teardown]
    this.#allCarried = new Set(steps.flatMap((step) => Object.keys(step.carry)))
  }

  /** @param carried  what is carried before the steps; what they carry is added */
  checkSteps(nodes: readonly Node[], steps: readonly StepDocument[], carried: Set<string>): void {
    for (const [i, node] of nodes.entries()) {
      const step = steps[i]!
      for (const { key, value } of entriesOf(node)) {
        if (key === 'carry') for (const entry of entriesOf(value)) this.#checkCarried(entry.key, entry.keyAt)
        else if (!['name', 'weight', 'steps', 'think', 'check'].includes(key))
          this.checkTexts(value, carried, key)
      }
      for (const { key, value } of entriesOf(child(node, 'check'))) {
        if (key !== 'status' && key !== 'regex') this.checkTexts(value, carried, key)
      }
      for (const name of Object.keys(step.carry)) carried.add(name)
    }
  }

  #checkCarried(name: string, at: Position): void {
    if (!Object.hasOwn(this.#feeds, name)) return
    this.#problems.add(
      at,
      `carries ${JSON.stringify(name)}, which is the name of a feed`,
      'Give the carried value another name.',
    )
  }

  /** Every text below the node, whatever it is the value of. */
  checkTexts(node: Node, carried: ReadonlySet<string>, key: string): void {
    if (node.kind === 'list') for (const item of node.items) this.checkTexts(item, carried, key)
    if (node.kind === 'map') {
      for (const entry of node.entries) if (entry.key !== 'regex') this.checkTexts(entry.value, carried, key)
    }
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return
    const isPath = (methods as readonly string[]).includes(key)
    try {
      const placeholders = placeholdersOf(parseTemplate(node.value, isPath ? 'component' : 'text'))
      for (const placeholder of placeholders) {
        this.#checkPlaceholder(placeholder, node.locate(placeholder.text), carried)
      }
      if (isPath && !node.value.startsWith('/') && placeholders[0]?.filter !== 'raw') {
        this.#problems.add(
          node.at,
          `${key} is ${shown(node.value)}, expected a path that begins with /`,
          'Write / before the placeholder, or ${… | raw} for a whole path that was carried over.',
        )
      }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      this.#problems.add(node.locate(error.part), `${key} ${error.message}`, error.remedy)
    }
  }

  #checkPlaceholder({ source, text }: Placeholder, at: Position, carried: ReadonlySet<string>): void {
    if (source.kind === 'feed') this.#checkColumn(source.feed, source.column, text, at)
    if (source.kind === 'carried' && !carried.has(source.name))
      this.#unknownValue(source.name, text, at, carried)
  }

  #checkColumn(feed: string, column: string, text: string, at: Position): void {
    const columns = Object.hasOwn(this.#feeds, feed) ? this.#feeds[feed] : undefined
    if (columns?.includes(column)) return
    if (columns) {
      const message = `${text} names a column that feed ${feed} does not have, expected one of ${listed(columns)}${didYouMean(column, columns)}`
      this.#problems.add(at, message, 'Name a column of the feed, or add the column to it.')
    } else {
      const names = Object.keys(this.#feeds)
      const message = `${text} names no feed, expected one of ${listed(names)}${didYouMean(feed, names)}`
      this.#problems.add(at, message, `Define ${feed} under feeds, or name one that is there.`)
    }
  }

  #unknownValue(name: string, text: string, at: Position, carried: ReadonlySet<string>): void {
    if (this.#allCarried.has(name)) {
      const message = `${text} is used before it is carried, expected one of ${listed([...carried])}`
      this.#problems.add(at, message, 'Carry it in an earlier step of this task, or in setup.')
    } else if (Object.hasOwn(this.#feeds, name)) {
      const message = `${text} names a whole feed, expected a column of it: ${listed(this.#feeds[name]!)}`
      this.#problems.add(at, message, `Write \${${name}.${this.#feeds[name]![0]}}.`)
    } else {
      const known = [...carried, ...Object.keys(this.#feeds)]
      const message = `${text} is an unknown placeholder, expected one of ${listed(known)}${didYouMean(name, known)}`
      this.#problems.add(
        at,
        message,
        'Carry a value of this name in an earlier step, or write $${ for a plain ${.',
      )
    }
  }
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? names.slice(0, 20).join(', ') : 'none, as there are none'
}
