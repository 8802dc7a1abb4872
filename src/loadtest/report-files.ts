import { constants } from 'node:fs'
import { access, open, rename, rm } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { RecsysError } from '../errors.ts'
import { csvHistory, csvReport } from './report-csv.ts'
import { hgrmReport } from './report-hgrm.ts'
import { htmlReport } from './report-html.ts'
import { junitReport } from './report-junit.ts'
import type { LoadReport } from './types.ts'

const formats: Readonly<Record<string, (report: LoadReport) => string>> = {
  '.html': htmlReport,
  '.json': (report) => `${JSON.stringify(report, null, 2)}\n`,
  '.csv': csvReport,
  '.xml': junitReport,
  '.hgrm': hgrmReport,
}

/**
 * To be called before the load starts, so that no minutes of load are lost to a wrong path.
 * @throws RECSYS_USAGE for another ending | RECSYS_REPORT_UNWRITABLE
 */
export async function requireWritable(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    formatOf(path)
    await access(dirname(path), constants.W_OK).catch((cause) => {
      throw unwritable(path, cause)
    })
  }
}

/**
 * Writes the report in the format that each path ends in; of a CSV file `load.csv` the seconds are in `load-history.csv`.
 * @throws RECSYS_REPORT_UNWRITABLE
 */
export async function writeReports(report: LoadReport, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await writeDurably(path, formatOf(path)(report))
    const history = path.replace(/\.csv$/i, '-history$&')
    if (history !== path) await writeDurably(history, csvHistory(report))
  }
}

function formatOf(path: string): (report: LoadReport) => string {
  const format = formats[extname(path).toLowerCase()]
  if (format) return format
  throw new RecsysError('RECSYS_USAGE', {
    message: `--report is ${JSON.stringify(path)}, expected a file that ends in .html, .json, .csv, .xml (JUnit) or .hgrm (HdrHistogram)`,
    field: 'report',
  })
}

/** Writes a file whole or not at all. @throws RECSYS_REPORT_UNWRITABLE */
export async function writeDurably(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`
  try {
    await writeSynced(aside, text)
    // Commit point: before it the old file or none, after it the whole new one.
    await rename(aside, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(aside, { force: true })
    throw unwritable(path, cause)
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w')
  await file.writeFile(text)
  await file.sync()
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r')
  await directory.sync()
}

function unwritable(path: string, cause: unknown): RecsysError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RecsysError('RECSYS_REPORT_UNWRITABLE', {
    message: `cannot write the report ${path}: ${reason}`,
    field: 'report',
    cause,
  })
}
