import { RecsysError } from '../../errors.ts'
import type { MetaData, Protocol } from './actions.ts'

/**
 * Reader features beyond version 1 that we can honour: `timestampNtz` is one more type, and `vacuumProtocolCheck`
 * binds only those who delete files, which we never do.
 */
const readableFeatures = new Set(['timestampNtz', 'vacuumProtocolCheck'])

/** @throws RECSYS_LAKE_FEATURE naming what the table needs and we do not have */
export function checkReadable(protocol: Protocol, metaData: MetaData, table: string): void {
  const refuse = (feature: string) => {
    throw new RecsysError('RECSYS_LAKE_FEATURE', {
      message: `table ${table} needs the Delta feature ${feature}, which this program does not read`,
      data: { table, feature },
    })
  }
  const missing = missingFeatures(protocol)
  if (missing.length > 0) refuse(missing.join(', '))
  if (protocol.minReaderVersion > 3) refuse(`reader version ${protocol.minReaderVersion}`)
  const mapping = metaData.configuration?.['delta.columnMapping.mode'] ?? 'none'
  if (mapping !== 'none') refuse(`columnMapping (mode ${mapping})`)
  if (metaData.format.provider !== 'parquet') refuse(`format ${metaData.format.provider}`)
}

/** @throws RECSYS_LAKE_FEATURE when another program has raised the table beyond what we may write */
export function checkWritable(protocol: Protocol, table: string): void {
  if (protocol.minWriterVersion <= 2) return
  const features = protocol.writerFeatures?.join(', ')
  throw new RecsysError('RECSYS_LAKE_FEATURE', {
    message: `table ${table} was raised to Delta writer version ${protocol.minWriterVersion}${features ? ` (${features})` : ''}; this program writes version 2`,
    data: { table },
  })
}

function missingFeatures(protocol: Protocol): string[] {
  return (protocol.readerFeatures ?? []).filter((feature) => !readableFeatures.has(feature))
}
