/** The part of parquetjs-lite that we use; the package brings no types. */
declare module 'parquetjs-lite' {
  interface Cursor {
    /** The next row; null after the last. A NULL is a missing key. */
    next(): Promise<Record<string, unknown> | null>
  }
  class ParquetReader {
    static openFile(path: string): Promise<ParquetReader>
    getRowCount(): { valueOf(): number }
    getSchema(): { readonly fields: Readonly<Record<string, unknown>> }
    getCursor(): Cursor
    close(): Promise<void>
  }
  const parquet: { readonly ParquetReader: typeof ParquetReader }
  export default parquet
}
