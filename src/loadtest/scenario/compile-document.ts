import { compileStep } from './compile-step.ts'
import type { ScenarioDocument, StepDocument } from './document.ts'
import type { Feeds } from './feeds.ts'
import { RowDrawer } from './held-rows.ts'
import type { Scenario, Step } from './types.ts'

/** @param document  validated */
export function compileDocument(document: ScenarioDocument, feeds: Feeds): Scenario {
  const { name, setup, tasks, teardown, waitMs } = document
  const requestNames = requestNamesOf(document)
  const context = {
    scenario: document,
    rows: new RowDrawer(feeds),
    requestIndex: (n: string) => requestNames.indexOf(n),
  }
  const compiled = (steps: readonly StepDocument[]): Step[] =>
    steps.map((step, i) => compileStep(step, i === 0, context))
  return {
    name,
    requestNames,
    tasks: tasks.map((task) => ({ name: task.name, weight: task.weight, steps: compiled(task.steps) })),
    setup: compiled(setup),
    teardown: compiled(teardown),
    ...(waitMs === undefined ? {} : { waitMs }),
  }
}

/** Those of tasks first; steps of one name are one request in reports. */
export function requestNamesOf({ setup, tasks, teardown }: ScenarioDocument): string[] {
  const steps = [...tasks.flatMap((task) => task.steps), ...setup, ...teardown]
  return [...new Set(steps.map((step) => step.name))]
}
