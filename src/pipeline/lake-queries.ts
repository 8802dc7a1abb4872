/** What people ask of the lake and do to its files; the lake itself has the answers. */
export { bringRatings, type RatingsBrought } from '../lake/bring-ratings.ts'
export {
  type Optimized,
  optimizeEvents,
  type Vacuumed,
  vacuumTable,
} from '../lake/maintain-tables.ts'
export {
  lakeTables,
  type QueryResult,
  queryTables,
  type TableVersion,
  tableHistory,
} from '../lake/query-tables.ts'
