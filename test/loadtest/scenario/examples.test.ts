import { expect, test } from 'vitest'
import { moduleExample, yamlExample } from '../../../src/loadtest/scenario/examples.ts'
import { compile, virtualUser } from './scenario-files.ts'

test('the YAML example is a scenario', async () => {
  const scenario = await compile({ 'scenario.yaml': yamlExample })
  expect(scenario.tasks.map(({ name, weight }) => [name, weight])).toEqual([
    ['recommendations', 3],
    ['similar items', 1],
    ['somebody new', 1],
    ['health', 1],
  ])
  expect(scenario.tasks[0]!.steps[0]!.render(virtualUser())).toEqual({
    method: 'GET',
    path: '/recommendations/u1?k=10',
    headers: { accept: 'application/json' },
  })
})

test.each(['scenario.ts', 'scenario.mjs', 'scenario.js'])(
  'the module example is a scenario as %s',
  async (name) => {
    const scenario = await compile({ [name]: moduleExample, 'package.json': '{"type":"module"}' })
    expect(scenario.tasks[0]!.steps[0]!.render(virtualUser()).path).toMatch(/^\/recommendations\/u1\?k=\d+$/)
  },
)
