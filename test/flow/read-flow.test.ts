import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mermaidGraph, treeGraph } from '../../src/flow/graph.ts'
import { readFlow, words } from '../../src/flow/read-flow.ts'
import type { ParamValues } from '../../src/registry/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

function read(text: string, given: ParamValues = {}, name = 'flow.yaml') {
  const file = join(temporaryDirectory(), name)
  writeFileSync(file, text)
  return readFlow(file, given)
}

const nightly = `
name: nightly
parallel: 3
params: { algo: svd, k: 10, fast: false }
tasks:
  evaluate:
    needs: [train]
    recsys: [evaluate, --run, "\${{ tasks.train.runId }}"]
    may-fail: true
  train:
    needs: load
    recsys: train --algo \${{ params.algo }} -k \${{ params.k }} --tag "note=two words"
    retry: { attempts: 4, delay: 2s, factor: 3, max-delay: 1m, jitter: 10%, on: [6, timeout, RECSYS_REGISTRY_LOCKED] }
    timeout: 30m
    cache: { inputs: [ratings.csv] }
    skip-on: 3
    undo: { recsys: rollback --of x }
    env: { A: 1 }
  load: { shell: ./load.sh "$PARAM_ALGO", output: json, when: all-done }
`

test('a flow is read with its policies, in an order in which it can run', () => {
  const flow = read(nightly, { algo: 'als', k: '20', fast: 'true' })
  expect(flow).toMatchObject({
    name: 'nightly',
    lock: 'nightly',
    maxParallel: 3,
    params: { algo: 'als', k: 20, fast: true },
  })
  expect(flow.tasks.map(({ id }) => id)).toEqual(['load', 'train', 'evaluate'])
  expect(flow.tasks[1]).toEqual({
    id: 'train',
    description: '',
    command: {
      kind: 'recsys',
      args: [
        ...['train', '--algo', '${{ params.algo }}', '-k', '${{ params.k }}', '--tag', 'note=two words'],
      ],
      extraArgs: [],
    },
    needs: ['load'],
    when: 'all-succeeded',
    mayFail: false,
    retry: {
      ...{ attempts: 4, delayMs: 2000, factor: 3, maxDelayMs: 60_000, jitter: 0.1 },
      on: [6, 'timeout', 'RECSYS_REGISTRY_LOCKED'],
    },
    timeoutMs: 1_800_000,
    cache: { inputs: ['ratings.csv'], outputs: [] },
    skipOn: [3],
    undo: { kind: 'recsys', args: ['rollback', '--of', 'x'], extraArgs: [] },
    env: { A: '1' },
  })
  expect(flow.tasks[0]).toMatchObject({ when: 'all-done', command: { kind: 'shell', output: 'json' } })
})

test('a module may make the flow of its parameters', () => {
  const flow = read(
    `export default (given) => ({
      params: { algos: 'svd,als' },
      tasks: Object.fromEntries((given.algos ?? 'svd,als').split(',').map((a) => [a, { recsys: ['train', '--algo', a] }])),
    })`,
    { algos: 'nmf,bpr,als' },
    'flow.mjs',
  )
  expect(flow.tasks.map(({ id }) => id)).toEqual(['nmf', 'bpr', 'als'])
})

test.each([
  ['tasks: {}', 'tasks has no tasks'],
  ['tasks:\n  a: { shell: x, recsys: y }', '2:6 tasks.a has recsys and shell'],
  ['tasks:\n  a: {}', '2:6 tasks.a has neither recsys nor shell'],
  ['tasks:\n  a:\n    shell: x\n    retrys: 3', '4:13 tasks.a.retrys is not known'],
  ['tasks:\n  a: { shell: x, timeout: soon }', 'tasks.a.timeout is "soon", expected a time'],
  ['tasks:\n  a: { shell: x, needs: [b] }', 'tasks.a.needs has b, expected tasks: a'],
  ['tasks:\n  a: { shell: x, needs: [b] }\n  b: { shell: x, needs: [a] }', 'goes in a circle: a → b → a'],
  ['params: {p: 1}\ntasks:\n  a: { shell: "echo ${{ params.p }}" }', 'a parameter as "$PARAM_NAME"'],
  ['tasks:\n  a: { recsys: "train --algo ${{ params.p }}" }', 'has ${{ params.p }}'],
  ['tasks:\n  a: { recsys: gc }\n  b: { recsys: "x ${{ tasks.a.y }}" }', 'a task has to be in needs'],
  [
    'tasks:\n  a: { shell: x, retry: { jitter: 200% } }',
    'tasks.a.retry.jitter is 2, expected a number from 0 to 1',
  ],
  ['tasks:\n  a: { shell: x, retry: { on: [sometimes] } }', 'has "sometimes", expected exit codes'],
  ['tasks:\n  "a b": { shell: x }', 'expected letters, digits'],
  ['tasks: [', 'is not YAML'],
])('what is wrong is named with its place: %j', (text, message) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: 'RECSYS_FLOW_INVALID', message: expect.stringContaining(message) }),
  )
})

test('a parameter that the flow does not have is refused', () => {
  expect(() => read(nightly, { algorithm: 'als' })).toThrow(
    /has no parameter algorithm, expected one of: algo, k, fast/,
  )
})

test('the words of a line are parted by blanks and held together by quotes', () => {
  expect(words(`train --tag 'a b' --x="c d" e\${{ f g }}h`)).toEqual([
    'train',
    '--tag',
    'a b',
    '--x=c d',
    'e${{ f g }}h',
  ])
})

test('the graph is drawn as a tree and as a Mermaid chart', () => {
  const flow = read(nightly)
  expect(treeGraph(flow)).toBe('nightly\n└─ load\n   └─ train\n      └─ evaluate')
  expect(mermaidGraph(flow)).toBe(
    ['flowchart LR', '  t0["load"]', '  t1["train"]', '  t2["evaluate"]', '  t0 --> t1', '  t1 --> t2'].join(
      '\n',
    ),
  )
})
