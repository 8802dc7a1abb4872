import { once as happens } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { resumeFlow, runFlowFrom } from '../../src/flow/run-flow.ts'
import { hole } from '../../src/flow/template.ts'
import { once } from '../../src/flow/types.ts'
import { spawnRecsys } from '../helpers/run-recsys.ts'
import { askRegistry } from '../helpers/sample-lake.ts'
import { flowOf, flowPlace, shell, statesOf } from './flow-of.ts'

/** Fails until it was called so often. */
function failsUntil(n: number): string {
  return `n=$(cat calls 2>/dev/null || echo 0); echo $((n + 1)) > calls; echo "call $((n + 1))"; [ $((n + 1)) -ge ${n} ]`
}

const quick = { ...once, delayMs: 20, factor: 3, jitter: 0 }

test('a task that fails twice and then succeeds: three attempts with the waits and words that were declared', async () => {
  const place = flowPlace()
  const report = await place.run(
    flowOf([
      shell('flaky', failsUntil(3), { retry: { ...quick, attempts: 5 } }),
      shell('next', 'true', { needs: ['flaky'] }),
    ]),
  )
  expect(report.state).toBe('succeeded')
  const { attempts } = askRegistry(place.dataDir, (registry) => registry.flowRun(report.flowRunId))
  expect(
    attempts.map(({ task, attempt, state, exitCode, waitMs }) => [task, attempt, state, exitCode, waitMs]),
  ).toEqual([
    ['flaky', 1, 'failed', 1, 20],
    ['flaky', 2, 'failed', 1, 60],
    ['flaky', 3, 'succeeded', 0, null],
    ['next', 1, 'succeeded', 0, null],
  ])
  const waited = (at: number) =>
    Date.parse(attempts[at]!.startedAt) - Date.parse(attempts[at - 1]!.finishedAt!)
  expect(waited(1)).toBeGreaterThanOrEqual(19)
  expect(waited(2)).toBeGreaterThanOrEqual(59)
  const states = place.news.flatMap((each) =>
    each.type === 'task' && each.task === 'flaky' ? [each.state] : [],
  )
  expect(states).toEqual(['running', 'retrying', 'running', 'retrying', 'running', 'succeeded'])
  const lines = askRegistry(place.dataDir, (registry) =>
    registry.flowLogs(report.flowRunId, { task: 'flaky' }),
  )
  expect(lines.map(({ attempt, stream, line }) => [attempt, stream, line])).toEqual([
    [1, 'stdout', 'call 1'],
    [1, 'flow', 'ended with exit code 1; attempt 2 of 5 in 0.0 s'],
    [2, 'stdout', 'call 2'],
    [2, 'flow', 'ended with exit code 1; attempt 3 of 5 in 0.1 s'],
    [3, 'stdout', 'call 3'],
  ])
})

test('a task that hangs is ended with all that it has started', async () => {
  const place = flowPlace()
  const hang = shell('hang', 'sleep 600 & echo $! > pid; wait', {
    timeoutMs: 300,
    retry: { ...quick, attempts: 2, on: ['timeout'] },
  })
  const report = await place.run(flowOf([hang, shell('never', 'true', { needs: ['hang'] })]))
  expect(statesOf(report)).toEqual({ hang: 'failed', never: 'skipped' })
  expect(report).toMatchObject({
    state: 'failed',
    message: 'hang: took longer than 0.3 s and was ended; never: hang failed',
  })
  const { attempts } = askRegistry(place.dataDir, (registry) => registry.flowRun(report.flowRunId))
  expect(attempts.map(({ state, exitCode }) => [state, exitCode])).toEqual([
    ['timed out', null],
    ['timed out', null],
  ])
  const pid = Number(readFileSync(join(place.directory, 'pid'), 'utf8'))
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 5000)
})

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a task that always fails is tried as often as declared, and only for causes that may pass', async () => {
  const place = flowPlace()
  const report = await place.run(
    flowOf([
      shell('always', 'exit 6', { retry: { ...quick, attempts: 3 } }),
      shell('usage', 'exit 2', { retry: { ...quick, attempts: 3 } }),
      shell('killed', 'kill -9 $$', { retry: { ...quick, attempts: 2 } }),
    ]),
  )
  expect(report.state).toBe('failed')
  expect(report.tasks.map(({ task, attempts, message }) => [task, attempts, message])).toEqual([
    ['always', 3, 'ended with exit code 6'],
    ['usage', 1, 'ended with exit code 2'],
    ['killed', 2, 'was killed by SIGKILL'],
  ])
})

test('a command that cannot be carried out fails with its own error', async () => {
  const place = flowPlace()
  const command = { kind: 'recsys' as const, args: ['train', '--algo', 'svd'], extraArgs: [] }
  const report = await place.run(flowOf([shell('train', '', { command })]))
  expect(report.message).toMatch(/^train: RECSYS_LAKE_MISSING {2}/)
})

test('what may fail does not fail the flow, and what needs any of several runs all the same', async () => {
  const place = flowPlace()
  const tasks = [
    shell('svd', 'true', { mayFail: true }),
    shell('nmf', 'exit 4', { mayFail: true }),
    shell('check', 'true', { needs: ['nmf'], mayFail: true }),
    shell('promote', 'true', { needs: ['svd', 'check'], when: 'any-succeeded' }),
    shell('tidy', 'true', { needs: ['nmf'], when: 'all-done' }),
  ]
  const report = await place.run(flowOf(tasks))
  expect(statesOf(report)).toEqual({
    ...{ svd: 'succeeded', nmf: 'failed', check: 'skipped', promote: 'succeeded', tidy: 'succeeded' },
  })
  expect(report.state).toBe('succeeded')
})

test('when all that is needed fails, the flow fails though each of them may', async () => {
  const place = flowPlace()
  const tasks = [
    shell('svd', 'exit 4', { mayFail: true }),
    shell('promote', 'true', { needs: ['svd'], when: 'any-succeeded' }),
  ]
  expect(await place.run(flowOf(tasks))).toMatchObject({ state: 'failed', message: 'promote: svd failed' })
})

test('what is not needed is skipped with all behind it, and the flow succeeds', async () => {
  const place = flowPlace()
  const tasks = [shell('gate', 'exit 3', { skipOn: [3] }), shell('after', 'true', { needs: ['gate'] })]
  const report = await place.run(flowOf(tasks))
  expect(statesOf(report)).toEqual({ gate: 'skipped', after: 'skipped' })
  expect(report.state).toBe('succeeded')
})

test('a flow that fails takes back what was done, the last first, and does it anew when it is resumed', async () => {
  const place = flowPlace()
  const undo = (word: string) => ({
    kind: 'shell' as const,
    line: `echo ${word} >> undone`,
    output: 'lines' as const,
  })
  const flow = flowOf([
    shell('one', 'echo one >> done', { undo: undo('one') }),
    shell('two', 'echo two >> done', { needs: ['one'], undo: undo('two') }),
    shell('test', '[ -e well ]', { needs: ['two'] }),
  ])
  const failed = await place.run(flow)
  expect(statesOf(failed)).toEqual({
    ...{
      one: 'cancelled',
      two: 'cancelled',
      test: 'failed',
      'undo two': 'succeeded',
      'undo one': 'succeeded',
    },
  })
  const lines = (name: string) => readFileSync(join(place.directory, name), 'utf8').trim().split('\n')
  expect(lines('undone')).toEqual(['two', 'one'])
  writeFileSync(join(place.directory, 'well'), '')
  const resumed = await resumeFlow(failed.flowRunId, place.setting)
  expect(resumed).toMatchObject({ flowRunId: failed.flowRunId, state: 'succeeded' })
  expect(lines('done')).toEqual(['one', 'two', 'one', 'two'])
})

test('a result is taken from an earlier run until something it depends on changes', async () => {
  let lakeVersion = 1
  const place = flowPlace({ lakeVersion: async () => lakeVersion })
  writeFileSync(join(place.directory, 'input'), 'a')
  const cache = { inputs: ['input'], outputs: ['output'] }
  const command = {
    kind: 'shell' as const,
    line: 'touch output; echo "{\\"n\\": 7}"',
    output: 'json' as const,
  }
  const flow = (params = {}) => flowOf([shell('make', '', { command, cache })], { params })
  const stateAfter = async (params = {}) => {
    const report = await place.run(flow(params))
    expect(report.tasks[0]!.result).toEqual({ n: 7 })
    return report.tasks[0]!.state
  }
  expect(await stateAfter()).toBe('succeeded')
  expect(await stateAfter()).toBe('cached')
  writeFileSync(join(place.directory, 'input'), 'b')
  expect(await stateAfter()).toBe('succeeded')
  lakeVersion = 2
  expect(await stateAfter()).toBe('succeeded')
  expect(await stateAfter({ p: 1 })).toBe('succeeded')
  expect(await stateAfter({ p: 1 })).toBe('cached')
  rmSync(join(place.directory, 'output'))
  expect(await stateAfter({ p: 1 })).toBe('succeeded')
  const fresh = flowPlace({ useCache: false })
  writeFileSync(join(fresh.directory, 'input'), 'a')
  await fresh.run(flow())
  expect((await fresh.run(flow())).tasks[0]!.state).toBe('succeeded')
})

test('what a run is called does not count for the cache', async () => {
  const place = flowPlace()
  askRegistry(place.dataDir, () => undefined)
  const command = { kind: 'recsys' as const, args: ['rollback', '--of', hole('task.key')], extraArgs: [] }
  const flow = flowOf([shell('undo', '', { command, cache: { inputs: [], outputs: [] } })])
  expect((await place.run(flow)).tasks[0]!.state).toBe('succeeded')
  expect((await place.run(flow)).tasks[0]!.state).toBe('cached')
})

test('two flows with one lock do not run at once; without a lock they do', async () => {
  const place = flowPlace()
  const flow = flowOf([shell('wait', 'while [ ! -e go ]; do sleep 0.02; done')], { lock: 'one' })
  const first = place.run(flow)
  await vi.waitFor(() => expect(place.news.some(({ type }) => type === 'task')).toBe(true))
  await expect(place.run(flow)).rejects.toMatchObject({
    code: 'RECSYS_FLOW_LOCKED',
    exitCode: 5,
    message: expect.stringMatching(/^test is running already: run [a-z0-9]{12}, begun at /),
  })
  const free = await place.run(flowOf([shell('go', 'touch go')]))
  expect(free.state).toBe('succeeded')
  expect((await first).state).toBe('succeeded')
})

test('a run that is cancelled ends its tasks, says so, and can be resumed', async () => {
  const place = flowPlace()
  const tasks = [
    shell('one', 'echo >> ones'),
    shell('two', '[ -e go ] || sleep 600', { needs: ['one'] }),
    shell('three', 'true', { needs: ['two'] }),
  ]
  const running = place.run(flowOf(tasks))
  const runningTask = () => place.news.findLast((each) => each.type === 'task' && each.state === 'running')
  await vi.waitFor(() => expect(runningTask()).toMatchObject({ task: 'two' }), 5000)
  const { flowRunId } = askRegistry(place.dataDir, (registry) => registry.flowRuns())[0]!
  expect(askRegistry(place.dataDir, (registry) => registry.askToCancel(flowRunId))).toBe(true)
  const report = await running
  expect(report).toMatchObject({ state: 'cancelled', message: 'cancelled' })
  expect(statesOf(report)).toEqual({ one: 'succeeded', two: 'cancelled', three: 'cancelled' })
  writeFileSync(join(place.directory, 'go'), '')
  expect(statesOf(await resumeFlow(flowRunId, place.setting))).toEqual({
    ...{ one: 'succeeded', two: 'succeeded', three: 'succeeded' },
  })
  expect(readFileSync(join(place.directory, 'ones'), 'utf8')).toBe('\n')
})

test('an interrupted run ends as crashed, and goes on where it was', async () => {
  const controller = new AbortController()
  const place = flowPlace({ signal: controller.signal })
  const flow = flowOf([
    shell('one', 'echo >> ones'),
    shell('two', '[ -e go ] || sleep 600', { needs: ['one'] }),
  ])
  const running = place.run(flow)
  await vi.waitFor(() => expect(existsSync(join(place.directory, 'ones'))).toBe(true))
  await vi.waitFor(() =>
    expect(place.news).toContainEqual(expect.objectContaining({ task: 'two', state: 'running' })),
  )
  controller.abort()
  await expect(running).rejects.toMatchObject({ code: 'RECSYS_INTERRUPTED', exitCode: 130 })
  const [run] = askRegistry(place.dataDir, (registry) => registry.flowRuns())
  expect(run).toMatchObject({ state: 'crashed', message: 'interrupted' })
  const details = askRegistry(place.dataDir, (registry) => registry.flowRun(run!.flowRunId))
  expect(statesOf(details)).toEqual({ one: 'succeeded', two: 'crashed' })
  writeFileSync(join(place.directory, 'go'), '')
  const setting = { ...place.setting, signal: new AbortController().signal }
  expect(await resumeFlow(run!.flowRunId, setting)).toMatchObject({ state: 'succeeded' })
  expect(readFileSync(join(place.directory, 'ones'), 'utf8')).toBe('\n')
  await expect(resumeFlow(run!.flowRunId, setting)).rejects.toMatchObject({
    code: 'RECSYS_REGISTRY_CONFLICT',
  })
})

test('what a killed runner has left running is ended before its run goes on', async () => {
  const place = flowPlace()
  const file = join(place.directory, 'flow.yaml')
  writeFileSync(file, 'tasks: { long: { shell: "echo $$ > pid; [ -e go ] || sleep 600" } }')
  const child = spawnRecsys(['flow', 'run', file, '--data-dir', place.dataDir])
  const pidOf = () => Number(readFileSync(join(place.directory, 'pid'), 'utf8'))
  await vi.waitFor(() => expect(pidOf()).toBeGreaterThan(0), 10_000)
  const left = pidOf()
  child.kill('SIGKILL')
  await happens(child, 'exit')
  expect(isRunning(left)).toBe(true)
  writeFileSync(join(place.directory, 'go'), '')
  const { flowRunId, state } = askRegistry(place.dataDir, (registry) => registry.flowRuns()[0]!)
  expect(state).toBe('crashed')
  expect(await resumeFlow(flowRunId, place.setting)).toMatchObject({ state: 'succeeded' })
  expect(isRunning(left)).toBe(false)
})

test('a command behind a pipe of a shell line is not ended by the end of its input', async () => {
  const place = flowPlace()
  const entry = fileURLToPath(new URL('../../bin/dev.js', import.meta.url))
  const line = `echo nothing | "${process.execPath}" "${entry}" init-tables --users 20 --items 10 --interactions 60 --quiet`
  const report = await place.run(flowOf([shell('make', line)]))
  expect(report).toMatchObject({ state: 'succeeded' })
})

test('a run may begin at a task and take over what stands before it', async () => {
  const place = flowPlace()
  const tasks = [
    shell('load', 'echo >> loads'),
    shell('train', 'echo >> trains', { needs: ['load'] }),
    shell('other', 'echo >> others', { needs: ['load'] }),
    shell('promote', 'echo >> promotions', { needs: ['train', 'other'] }),
  ]
  const first = await place.run(flowOf(tasks))
  const second = await runFlowFrom('train', first.flowRunId, place.setting)
  expect(statesOf(second)).toEqual({
    load: 'cached',
    train: 'succeeded',
    other: 'cached',
    promote: 'succeeded',
  })
  const lengthOf = (name: string) => readFileSync(join(place.directory, name), 'utf8').length
  expect(['loads', 'trains', 'others', 'promotions'].map(lengthOf)).toEqual([1, 2, 1, 2])
  expect(askRegistry(place.dataDir, (registry) => registry.flowRun(second.flowRunId).parentFlowRunId)).toBe(
    first.flowRunId,
  )
  await expect(runFlowFrom('trian', first.flowRunId, place.setting)).rejects.toThrow(
    /has no task "trian", expected one of load, train/,
  )
})

test('no more tasks run at once than allowed, and one that waits for its next attempt leaves its place', async () => {
  const place = flowPlace()
  const track = 'n=$(ls busy* 2>/dev/null | wc -l); echo $n >> seen; touch busy$$; sleep 0.1; rm busy$$'
  const tasks = ['a', 'b', 'c', 'd', 'e'].map((id) => shell(id, track))
  await place.run(flowOf(tasks))
  const seen = readFileSync(join(place.directory, 'seen'), 'utf8').trim().split('\n').map(Number)
  expect(Math.max(...seen)).toBeLessThanOrEqual(1)
  const waits = shell('waits', '[ -e other ]', { retry: { ...quick, attempts: 50, delayMs: 100 } })
  const report = await place.run(flowOf([waits, shell('other', 'touch other')], { maxParallel: 1 }))
  expect(statesOf(report)).toEqual({ waits: 'succeeded', other: 'succeeded' })
})

test('parameters reach a shell line by the environment and never as code', async () => {
  const place = flowPlace()
  const params = { who: '"; touch hacked; echo "' }
  const report = await place.run(flowOf([shell('say', 'echo "$PARAM_WHO"')], { params }))
  const [line] = askRegistry(place.dataDir, (registry) => registry.flowLogs(report.flowRunId))
  expect(line!.line).toBe(params.who)
  expect(existsSync(join(place.directory, 'hacked'))).toBe(false)
})
