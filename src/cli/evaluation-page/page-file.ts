import { extname } from 'node:path'
import { RecsysError } from '../../errors.ts'
import { requireWritable, writeDurably } from '../../loadtest/report-files.ts'
import type { EvaluationDetails } from '../../pipeline/report/types.ts'

/** To be called before anything is scored. @throws RECSYS_USAGE for another ending | RECSYS_REPORT_UNWRITABLE */
export async function requireWritablePage(path: string | undefined): Promise<void> {
  if (path === undefined) return
  if (extname(path).toLowerCase() === '.html') return requireWritable([path])
  throw new RecsysError('RECSYS_USAGE', {
    message: `--report is ${JSON.stringify(path.slice(0, 200))}, expected a file that ends in .html`,
    field: 'report',
  })
}

/** The plain use case, or with a path the detailed one, whose page is written there. */
export function writingPage<O, R>(
  path: string | undefined,
  plain: (options: O) => Promise<R>,
  detailed: (options: O) => Promise<{ readonly report: R; readonly details: EvaluationDetails }>,
): (options: O) => Promise<R> {
  if (path === undefined) return plain
  return async (options) => {
    const { report, details } = await detailed(options)
    const { evaluationPage } = await import('./page.ts')
    await writeDurably(path, evaluationPage(details))
    return report
  }
}
