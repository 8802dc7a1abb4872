import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeReports } from '../../src/loadtest/report-files.ts'
import { chromiumPath } from '../helpers/chromium.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { sampleReport } from './sample-report.ts'

const chromium = chromiumPath()

test.skipIf(!chromium)(
  'a browser shows the HTML report and runs nothing of what came from outside',
  async () => {
    const directory = temporaryDirectory()
    const path = join(directory, 'load.html')
    const evil = '<img src=x onerror="document.title=\'pwned\'"><script>document.title="pwned"</script>'
    await writeReports({ ...sampleReport(), models: [{ model: evil, responses: 1 }] }, [path])
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${directory}/profile`]
    const dom = execFileSync(chromium as string, [...flags, '--dump-dom', `file://${path}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(dom).toContain('<title>Load test of http://127.0.0.1:8000</title>')
    expect(dom.match(/<path class="line"/g)).toHaveLength(2)
    expect(dom).toContain('status 500')
  },
)
