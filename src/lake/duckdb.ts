import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api'

/**
 * DuckDB in memory: it reads foreign files, removes duplicates, sorts and writes Parquet. Nothing of it outlives the
 * process; what is durable are the files it writes and the Delta log.
 */
export interface Database extends Disposable {
  readonly connection: DuckDBConnection
  run(sql: string): Promise<void>
  /** Small results as objects; 64-bit integers as numbers, everything else as DuckDB's JSON has it. */
  rows<Row>(sql: string): Promise<Row[]>
  /** The single value of a result of one row and one column. */
  value<Value>(sql: string): Promise<Value>
  /** Large results, a chunk of 2,048 rows at a time, over a connection of their own: temporary tables are out of reach. */
  stream(sql: string): Promise<DuckDBResult>
}

export interface DatabaseOptions {
  /** Where results that do not fit into memory go; without it they must fit. */
  readonly spillDirectory?: string
  readonly memoryLimit?: string
  /** Interrupts the running statement. */
  readonly signal?: AbortSignal | undefined
}

export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', settings(options))
  const connections: DuckDBConnection[] = []
  const connect = async () => {
    const connection = await instance.connect()
    connections.push(connection)
    // Timestamps without an offset are taken as UTC, whatever the clock of the machine says.
    await connection.run("SET TimeZone = 'UTC'")
    return connection
  }
  const connection = await connect()
  const interrupt = () => {
    for (const each of connections) each.interrupt()
  }
  options.signal?.addEventListener('abort', interrupt)
  const guarded = <Result>(action: () => Promise<Result>) => unlessAborted(action, options.signal)
  const rows = <Row>(sql: string) => guarded(() => readRows<Row>(connection, sql))
  return {
    connection,
    rows,
    run: (sql) => guarded(async () => void (await connection.run(sql))),
    value: async <Value>(sql: string) => Object.values((await rows<Record<string, Value>>(sql))[0]!)[0]!,
    stream: (sql) => guarded(async () => (await connect()).stream(sql)),
    [Symbol.dispose]() {
      options.signal?.removeEventListener('abort', interrupt)
      for (const each of connections) each.closeSync()
      instance.closeSync()
    },
  }
}

/** No extension is ever fetched: everything that is needed is built in. */
function settings({ spillDirectory, memoryLimit }: DatabaseOptions): Record<string, string> {
  return {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: spillDirectory ?? '',
    ...(memoryLimit === undefined ? {} : { memory_limit: memoryLimit }),
  }
}

/** An interrupted statement fails with DuckDB's own message; the reason of the signal says more. */
async function unlessAborted<Result>(action: () => Promise<Result>, signal: AbortSignal | undefined) {
  signal?.throwIfAborted()
  try {
    return await action()
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

async function readRows<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql)
  const bigints = reader.columnTypes().map((type) => type.toString() === 'BIGINT')
  const names = reader.deduplicatedColumnNames()
  return reader
    .getRowsJson()
    .map(
      (row) =>
        Object.fromEntries(
          row.map((cell, c) => [names[c]!, bigints[c] && cell !== null ? Number(cell) : cell]),
        ) as Row,
    )
}

/** A text as an SQL literal. DuckDB knows no backslash escapes in plain literals, so doubling the quote is enough. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A path as an SQL literal that names this one file, even when it has the characters of a glob in it. */
export function pathLiteral(path: string): string {
  return literal(path.replaceAll(/[*?[]/g, '[$&]'))
}

/** Paths as an SQL list of literals. */
export function pathList(paths: readonly string[]): string {
  return `[${paths.map(pathLiteral).join(', ')}]`
}
