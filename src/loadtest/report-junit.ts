import type { GoalResult, LoadReport } from './types.ts'

/** JUnit's XML: a test case for each goal, and one for the generator, so that CI shows what was missed and by how much. */
export function junitReport(report: LoadReport): string {
  const { goals, generator, elapsedMs, startedAt, scenario, url } = report
  const cases = [...goals.map(goalCase), generatorCase(generator)]
  const failures = goals.filter(({ met }) => !met).length + (generator.valid === false ? 1 : 0)
  const seconds = (elapsedMs / 1000).toFixed(3)
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" time="${seconds}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="recsys loadtest" ${counts}>
  <testsuite name="${escapeXml(scenario)}" ${counts} timestamp="${startedAt.replace(/\.\d+Z$/, '')}">
    <properties>
      <property name="url" value="${escapeXml(url)}"/>
      <property name="requests" value="${report.all.requests}"/>
      <property name="requestsPerSecond" value="${report.all.requestsPerSecond.toFixed(2)}"/>
    </properties>
${cases.map((each) => `    ${each}\n`).join('')}  </testsuite>
</testsuites>
`
}

function goalCase({ goal, actual, met }: GoalResult): string {
  const got = actual === null ? 'nothing measured' : `got ${actual.toFixed(2)}`
  return testCase('goal', goal, met ? undefined : `expected ${goal}, ${got}`)
}

function generatorCase({ valid, reasons = [] }: LoadReport['generator']): string {
  return testCase('generator', 'the load generator kept up', valid === false ? reasons.join('; ') : undefined)
}

function testCase(kind: string, name: string, failure: string | undefined): string {
  const start = `<testcase classname="${kind}" name="${escapeXml(name)}"`
  if (failure === undefined) return `${start}/>`
  return `${start}><failure message="${escapeXml(failure)}"/></testcase>`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no control characters, not even as references. */
function escapeXml(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, ' ').replace(/[&<>"]/g, (character) => entities[character]!)
}
