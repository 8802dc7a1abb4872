import type { Scenario, Step, UserState } from '../../../src/loadtest/scenario/types.ts'

/** What one step came to: its name, and what was wrong with the answer. */
export interface Done {
  readonly name: string
  readonly wrong: string | undefined
}

/** Sends the steps one after another, as an engine does; the first answer that is wrong ends them. */
export async function runSteps(
  scenario: Scenario,
  steps: readonly Step[],
  url: string,
  user: UserState,
): Promise<Done[]> {
  const done: Done[] = []
  for (const step of steps) {
    const request = step.render(user)
    const { method, path, headers, body } = request
    const response = await fetch(url + path, {
      ...{ method, redirect: 'manual', headers: { ...headers } },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const wrong = step.check(
      {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: step.needsBody ? text : '',
        request,
      },
      user,
    )
    done.push({ name: scenario.requestNames[step.request]!, wrong })
    if (wrong !== undefined) break
  }
  return done
}
