import { RecsysError } from '../../errors.ts'

/** The schema language of the Delta protocol, as it stands in `schemaString`. */
export interface StructType {
  readonly type: 'struct'
  readonly fields: readonly StructField[]
}

export interface StructField {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly metadata: Readonly<Record<string, unknown>>
}

export type DataType =
  | string
  | StructType
  | { readonly type: 'array'; readonly elementType: DataType; readonly containsNull: boolean }
  | {
      readonly type: 'map'
      readonly keyType: DataType
      readonly valueType: DataType
      readonly valueContainsNull: boolean
    }

const primitives: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  long: 'BIGINT',
  integer: 'INTEGER',
  short: 'SMALLINT',
  byte: 'TINYINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
}

/** @throws RECSYS_LAKE_CORRUPT */
export function parseSchema(schemaString: string | null | undefined, table: string): StructType {
  const corrupt = (what: string, cause?: unknown) =>
    new RecsysError('RECSYS_LAKE_CORRUPT', { message: `table ${table} ${what}`, cause })
  if (!schemaString) throw corrupt('has a metaData action without a schema')
  let schema: StructType
  try {
    schema = JSON.parse(schemaString) as StructType
  } catch (cause) {
    throw corrupt('has a schema that is not JSON', cause)
  }
  if (schema?.type !== 'struct' || !Array.isArray(schema.fields))
    throw corrupt('has a schema that is not a struct')
  return schema
}

/** The DuckDB type of a Delta type. @throws RECSYS_LAKE_FEATURE for a type that is not known */
export function duckdbType(type: DataType): string {
  if (typeof type === 'string') return primitiveType(type)
  if (type.type === 'array') return `${duckdbType(type.elementType)}[]`
  if (type.type === 'map') return `MAP(${duckdbType(type.keyType)}, ${duckdbType(type.valueType)})`
  return `STRUCT(${type.fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${duckdbType(field.type)}`).join(', ')})`
}

function primitiveType(type: string): string {
  const known = Object.hasOwn(primitives, type) ? primitives[type] : undefined
  if (known) return known
  if (/^decimal\(\d+, *\d+\)$/.test(type)) return type.toUpperCase()
  throw new RecsysError('RECSYS_LAKE_FEATURE', {
    message: `a column has the type ${type}, which this program does not read`,
  })
}

/** A nullable column; ours have no metadata. */
export function column(name: string, type: DataType): StructField {
  return { name, type, nullable: true, metadata: {} }
}
