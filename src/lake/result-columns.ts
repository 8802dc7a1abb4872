import type { DuckDBResult } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

type NumberArray = Int32ArrayConstructor | Float32ArrayConstructor | Float64ArrayConstructor
type Columns<Types extends readonly NumberArray[]> = {
  [C in keyof Types]: InstanceType<Types[C]>
}

/**
 * The blocks of a streamed result as typed arrays, without a look at each number.
 * @param types  one a column, which has no NULLs: int32 for INTEGER, float32 for FLOAT, float64 for DOUBLE
 */
export async function* numberBlocks<const Types extends readonly NumberArray[]>(
  result: DuckDBResult,
  types: Types,
): AsyncGenerator<Columns<Types>> {
  for await (const { chunk, rowCount } of result) {
    yield types.map((Type, column) => {
      const vector = duckdb.data_chunk_get_vector(chunk, column)
      const { buffer, byteOffset } = duckdb.vector_get_data(vector, rowCount * Type.BYTES_PER_ELEMENT)
      return new Type(buffer as ArrayBuffer, byteOffset, rowCount)
    }) as Columns<Types>
  }
}

/** The single column of texts of a streamed result. */
export async function readTexts(result: DuckDBResult): Promise<string[]> {
  const texts: string[] = []
  for await (const chunk of result) {
    const vector = chunk.getColumnVector(0)
    for (let row = 0; row < chunk.rowCount; row++) texts.push(vector.getItem(row) as string)
  }
  return texts
}
