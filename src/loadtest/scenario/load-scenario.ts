import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RecsysError } from '../../errors.ts'
import { checkNames } from './check-names.ts'
import type { FeedDocument, FeedSource, FeedValue, LakeFeed, ScenarioDocument } from './document.ts'
import { FeedError, mostFeedRows, readCsvFeed, requireRows } from './feed-files.ts'
import { type Feeds, type FeedTable, packFeed } from './feeds.ts'
import { loadModule } from './module-source.ts'
import { child, type Node } from './node.ts'
import { Problems, scenarioError, shown } from './problems.ts'
import { readDocument } from './read-document.ts'
import type { ScenarioSource } from './types.ts'
import { parseYaml } from './yaml-source.ts'

/** What the load test cannot read itself. */
export interface FeedReaders {
  /** @throws an error that says why the file cannot be read */
  parquet(path: string, mostRows: number): Promise<FeedTable>
  lake(table: LakeFeed, mostRows: number): Promise<FeedTable>
}

export interface LoadedScenario {
  readonly file: string
  readonly document: ScenarioDocument
  readonly feeds: Feeds
  readonly source: ScenarioSource
}

const mostBytes = 16 * 2 ** 20
const yamlEndings = ['.yaml', '.yml', '.json']
const moduleEndings = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/**
 * A scenario file with its feeds, checked as far as it can be without a server.
 * @throws RECSYS_USAGE for an ending that is none
 * @throws RECSYS_SCENARIO_INVALID naming file, line, column, what was expected and what to do
 */
export async function loadScenario(file: string, readers: FeedReaders): Promise<LoadedScenario> {
  requireScenarioEnding(file, '--scenario')
  const path = resolve(file)
  const text = await readText(file)
  if (!isModuleFile(file)) return loadYaml(file, text, readers)
  const { document, feeds } = await loadNode(file, loadModule(file, path, text), readers)
  return { file, document, feeds, source: { kind: 'module', url: pathToFileURL(path).href, feeds } }
}

/**
 * A scenario that is a text of YAML; paths of feeds are relative to the file.
 * @throws RECSYS_SCENARIO_INVALID
 */
export async function loadYaml(file: string, text: string, readers: FeedReaders): Promise<LoadedScenario> {
  const { document, feeds } = await loadNode(file, parseYaml(file, text), readers)
  return { file, document, feeds, source: { kind: 'file', path: file, document, feeds } }
}

async function loadNode(file: string, node: Node, readers: FeedReaders) {
  const document = readDocument(file, node)
  const problems = new Problems(file)
  const feeds = await readFeeds(document, { directory: dirname(resolve(file)), node, readers, problems })
  problems.throwIfSome()
  const columns = Object.entries(feeds).map(([name, feed]) => [name, Object.keys(feed.columns)])
  checkNames(node, document, Object.fromEntries(columns), problems)
  problems.throwIfSome()
  return { document, feeds }
}

export function isModuleFile(file: string): boolean {
  return moduleEndings.includes(extname(file).toLowerCase())
}

/** @throws RECSYS_USAGE */
export function requireScenarioEnding(file: string, name: string): void {
  if (isModuleFile(file) || yamlEndings.includes(extname(file).toLowerCase())) return
  throw new RecsysError('RECSYS_USAGE', {
    message: `${name} is ${shown(file)}, expected a file that ends in ${[...yamlEndings, ...moduleEndings].join(', ')}`,
    remedy: 'Write an example with `recsys loadtest init scenario.yaml`.',
    field: 'scenario',
  })
}

async function readText(file: string): Promise<string> {
  const start = { line: 1, column: 1 }
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.message}, expected a scenario`
    throw scenarioError(file, start, {
      message,
      remedy: `Write an example with \`recsys loadtest init ${file}\`.`,
      cause,
    })
  })
  if (text.length > mostBytes) {
    const message = `has ${text.length} characters, expected ${mostBytes} at most`
    throw scenarioError(file, start, { message, remedy: 'Move data into a feed file.' })
  }
  return text
}

interface FeedContext {
  readonly directory: string
  readonly node: Node
  readonly readers: FeedReaders
  readonly problems: Problems
}

async function readFeeds({ feeds }: ScenarioDocument, context: FeedContext): Promise<Feeds> {
  const read: Record<string, Feeds[string]> = {}
  for (const [name, feed] of Object.entries(feeds)) {
    const table = await readFeed(name, feed, context)
    if (table) read[name] = packFeed(table, feed)
  }
  return read
}

async function readFeed(
  name: string,
  { source }: FeedDocument,
  context: FeedContext,
): Promise<FeedTable | undefined> {
  try {
    return requireRows(await readTable(source, context))
  } catch (cause) {
    if (!(cause instanceof FeedError || cause instanceof RecsysError)) throw cause
    const feedNode = child(child(context.node, 'feeds'), name)
    const place =
      child(feedNode, 'file') ??
      child(feedNode, 'lake') ??
      child(feedNode, 'rows') ??
      feedNode ??
      context.node
    const what = source.kind === 'file' ? ` file ${shown(source.path)}` : ''
    const remedy =
      cause instanceof RecsysError
        ? cause.remedy
        : 'Paths are relative to the scenario; the first row of a CSV file names the columns, and at least one row follows.'
    context.problems.add(
      place.at,
      `feed ${name}${what}: ${cause.message}, expected rows with names for their columns`,
      remedy,
    )
    return undefined
  }
}

function readTable(source: FeedSource, { directory, readers }: FeedContext): Promise<FeedTable> | FeedTable {
  if (source.kind === 'lake') return readers.lake(source.table, mostFeedRows)
  if (source.kind === 'rows') return tableOf(source.rows)
  const path = resolve(directory, source.path)
  return source.format === 'csv' ? readCsvFeed(path) : readers.parquet(path, mostFeedRows)
}

/** Columns in the order in which they are first seen; null where a row has none. */
function tableOf(rows: readonly Readonly<Record<string, FeedValue>>[]): FeedTable {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) }
}
