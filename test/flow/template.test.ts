import { expect, test } from 'vitest'
import { fillArguments, hole } from '../../src/flow/template.ts'

const values = {
  params: { algo: 'svd; rm -rf /' },
  tasks: { load: { versions: { interactions: 0 }, list: [1] } },
}

test('a value becomes text of one argument, whatever is in it', () => {
  expect(
    fillArguments(
      ['--algo', hole('params.algo'), `--at=${hole('tasks.load.versions.interactions')}`],
      values,
    ),
  ).toEqual(['--algo', 'svd; rm -rf /', '--at=0'])
})

test('an argument whose value may be missing is left out', () => {
  expect(fillArguments(['a', hole('tasks.load.runId?'), `--b=${hole('tasks.none.x?')}`], values)).toEqual([
    'a',
  ])
})

test.each(['tasks.load.runId', 'params.constructor', 'tasks.load.versions', 'params.__proto__.x'])(
  'a name without a value is refused: %s',
  (name) => {
    expect(() => fillArguments([hole(name)], values)).toThrow(
      expect.objectContaining({ code: 'RECSYS_FLOW_INVALID', message: expect.stringContaining(name) }),
    )
  },
)
