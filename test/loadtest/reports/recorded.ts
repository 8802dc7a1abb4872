import { Recorder } from '../../../src/loadtest/recorder.ts'
import { requestNames } from '../../../src/loadtest/scenario.ts'
import type { LoadReport, Outcome } from '../../../src/loadtest/types.ts'
import { sampleReport } from '../sample-report.ts'

export interface Sample {
  readonly task: string
  /** Left out for a failure. */
  readonly latencyUs?: number
}

/** The report of a run with these samples, second by second. */
export function recorded(
  seconds: readonly (readonly Sample[])[],
  rest: Partial<LoadReport> = {},
): LoadReport {
  const recorder = new Recorder(requestNames)
  for (const [i, samples] of seconds.entries()) {
    for (const sample of samples) recorder.record(outcomeOf(sample), '/')
    recorder.closeSecond(i + 1, 10)
  }
  return {
    ...sampleReport(),
    elapsedMs: 1000 * seconds.length,
    ...recorder.reports(seconds.length),
    failures: recorder.failures(),
    models: recorder.models(),
    timeline: recorder.timeline,
    distributions: recorder.distributions(),
    ...rest,
  }
}

function outcomeOf({ task, latencyUs }: Sample): Outcome {
  if (latencyUs === undefined) return { ok: false, task, kind: 'status 500', detail: 'no' }
  return { ok: true, task, latencyUs, model: 'm v1' }
}
