import { type Pick, pickFrom } from '../pick.ts'
import { checkBody } from '../response-check.ts'
import { drawRequest, requestNames, requestWeights } from '../scenario.ts'
import type { TaskRequest } from '../types.ts'
import type { Scenario, ScenarioSource, Step, StepAnswer } from './types.ts'

type BuiltIn = Extract<ScenarioSource, { kind: 'built-in' }>

/** The scenario of the command itself: recommendations 3, with filters 1, health 1; the model that answers is noted. */
export function recommendationScenario({ population, k, ids }: BuiltIn): Scenario {
  const pickUser: Pick<string> = pickFrom(population.userIds, ids)
  const step = (request: number): Step => ({
    request,
    needsBody: true,
    render({ random }) {
      const asked = drawRequest(requestNames[request]!, { population, pickUser, k }, random)
      return { method: 'GET', path: asked.path, memo: asked }
    },
    check: (answer, user) => {
      const verdict = checkAnswer(answer)
      if ('wrong' in verdict) return verdict.wrong
      if (verdict.model !== undefined) user.model = verdict.model
      return undefined
    },
  })
  return {
    name: 'recommendations',
    requestNames,
    tasks: requestNames.map((name, request) => ({
      name,
      weight: requestWeights[name],
      steps: [step(request)],
    })),
    setup: [],
    teardown: [],
  }
}

function checkAnswer({ status, text, request }: StepAnswer) {
  if (status !== 200) return { wrong: `status ${status}, expected 200` }
  return checkBody(request.memo as TaskRequest, text)
}
