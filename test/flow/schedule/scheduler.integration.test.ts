import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { nextDue } from '../../../src/flow/schedule/cron.ts'
import { Scheduler, type SchedulerNews, type SchedulerOptions } from '../../../src/flow/schedule/scheduler.ts'
import type { Schedule } from '../../../src/registry/schedule-types.ts'
import { runRecsys, spawnRecsys, temporaryDirectory } from '../../helpers/run-recsys.ts'
import { askRegistry } from '../../helpers/sample-lake.ts'

/** A scheduler whose clock the test sets. */
function scheduled(more: Partial<Schedule> = {}, options: Partial<SchedulerOptions> = {}) {
  const directory = temporaryDirectory()
  const dataDir = join(directory, 'data')
  const clock = { now: Date.parse('2026-10-24T22:00:00Z') }
  const schedule = {
    ...{
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      command: ['gc', '--dry-run'],
      condition: null,
    },
    ...({ missed: 'once', overlap: 'skip' } as const),
    ...more,
  }
  const nextDueAt = nextDue(schedule, new Date(clock.now))!.toISOString()
  askRegistry(dataDir, (registry) => registry.addSchedule({ ...schedule, nextDueAt }))
  const start = () => {
    const news: SchedulerNews[] = []
    const scheduler = new Scheduler({
      ...{ dataDir, directory, env: process.env, signal: new AbortController().signal, now: () => clock.now },
      measure: async () => ({ interactions: null, events: 0, psi: { popularity: null, ratings: null } }),
      onNews: (each) => news.push(each),
      onTrouble: (message) => expect.fail(message),
      ...options,
    })
    onTestFinished(() => scheduler.close())
    /** Sets the clock, looks, and waits until nothing runs. */
    const at = async (iso: string) => {
      clock.now = Date.parse(iso)
      await scheduler.tick()
      await scheduler.idle()
    }
    return { scheduler, news, at }
  }
  const outcomes = () =>
    askRegistry(dataDir, (registry) => registry.firings())
      .reverse()
      .map(({ dueAt, outcome }) => `${dueAt.slice(0, 16)} ${outcome}`)
  return {
    dataDir,
    clock,
    start,
    outcomes,
    next: () => askRegistry(dataDir, (registry) => registry.schedule('nightly').nextDueAt),
  }
}

test('what is due is run once, also over the change of the clock in autumn', async () => {
  const place = scheduled()
  const { at } = place.start()
  await at('2026-10-25T01:59:59Z')
  expect(place.outcomes()).toEqual([])
  await at('2026-10-25T02:00:01Z')
  await at('2026-10-25T02:00:02Z')
  await at('2026-10-26T01:59:00Z')
  await at('2026-10-26T02:00:00Z')
  expect(place.outcomes()).toEqual(['2026-10-25T02:00 finished', '2026-10-26T02:00 finished'])
})

test('a command that fails is written down with its words', async () => {
  const place = scheduled({ command: ['evaluate'] })
  const { at } = place.start()
  await at('2026-10-25T02:00:01Z')
  const [firing] = askRegistry(place.dataDir, (registry) => registry.firings())
  expect(firing).toMatchObject({
    outcome: 'failed',
    note: expect.stringContaining('recommender has no versions'),
  })
})

test.each([
  ['skip', ['2026-10-27T02:00 missed', '2026-10-28T02:00 finished']],
  ['once', ['2026-10-26T02:00 missed', '2026-10-27T02:00 finished', '2026-10-28T02:00 finished']],
  ['all', ['25', '26', '27', '28'].map((day) => `2026-10-${day}T02:00 finished`)],
] as const)('what was missed while nobody was there: %s', async (missed, expected) => {
  const place = scheduled({ missed })
  const { at } = place.start()
  await at('2026-10-27T12:00:00Z')
  await at('2026-10-28T02:00:00Z')
  expect(place.outcomes()).toEqual(expected)
})

test('a clock that goes back an hour runs nothing twice', async () => {
  const place = scheduled({ cron: '*/30 * * * *' })
  const { at } = place.start()
  await at('2026-10-25T10:00:00Z')
  await at('2026-10-25T10:30:00Z')
  await at('2026-10-25T09:40:00Z')
  await at('2026-10-25T10:00:00Z')
  await at('2026-10-25T10:30:10Z')
  await at('2026-10-25T11:00:00Z')
  const finished = place.outcomes().filter((text) => text.endsWith('finished'))
  expect(finished).toEqual([
    '2026-10-25T10:00 finished',
    '2026-10-25T10:30 finished',
    '2026-10-25T11:00 finished',
  ])
})

test('a clock that was months ahead and is set right does not silence a schedule', async () => {
  const place = scheduled({ missed: 'skip' })
  const { at } = place.start()
  await at('2027-05-01T12:00:00Z')
  expect(place.next()).toBe('2027-05-02T01:00:00.000Z')
  await at('2026-10-25T12:00:00Z')
  expect(place.next()).toBe('2026-10-26T02:00:00.000Z')
  await at('2026-10-26T02:00:00Z')
  expect(place.outcomes().at(-1)).toBe('2026-10-26T02:00 finished')
})

test('of two schedulers one runs what is due', async () => {
  const place = scheduled()
  const [first, second] = [place.start(), place.start()]
  await Promise.all([first.at('2026-10-25T02:00:01Z'), second.at('2026-10-25T02:00:01Z')])
  expect(place.outcomes()).toEqual(['2026-10-25T02:00 finished'])
  expect([...first.news, ...second.news].filter(({ outcome }) => outcome === 'started')).toHaveLength(1)
})

test('a condition that does not hold is told with what was found', async () => {
  const place = scheduled(
    { condition: 'interactions grew by 5%' },
    {
      measure: async () => ({
        interactions: { trained: 100, now: 104 },
        events: 0,
        psi: { popularity: null, ratings: null },
      }),
    },
  )
  const { at, news } = place.start()
  await at('2026-10-25T02:00:01Z')
  expect(news).toMatchObject([{ outcome: 'not needed', note: 'interactions grew by 4 (4.0%)' }])
})

test('a schedule that is paused is not run', async () => {
  const place = scheduled()
  askRegistry(place.dataDir, (registry) => registry.pauseSchedule('nightly', true, null))
  const { at } = place.start()
  await at('2026-10-27T12:00:00Z')
  expect(place.outcomes()).toEqual([])
})

const waits = (directory: string) => ['flow', 'run', join(directory, 'wait.yaml')]

async function overlapping(overlap: Schedule['overlap']) {
  const flows = temporaryDirectory()
  const text = `lock: false\ntasks:\n  wait: { shell: 'while [ ! -e ${flows}/go ]; do sleep 0.02; done' }\n`
  writeFileSync(join(flows, 'wait.yaml'), text)
  const place = scheduled({ overlap, cron: '* * * * *', command: waits(flows) })
  const started = place.start()
  const tickAt = async (iso: string) => {
    place.clock.now = Date.parse(iso)
    await started.scheduler.tick()
  }
  await tickAt('2026-10-24T22:01:00Z')
  await vi.waitFor(
    () => expect(askRegistry(place.dataDir, (registry) => registry.flowRuns())).toHaveLength(1),
    10_000,
  )
  await tickAt('2026-10-24T22:02:00Z')
  if (overlap === 'replace') {
    await vi.waitFor(
      () => expect(askRegistry(place.dataDir, (registry) => registry.flowRuns())).toHaveLength(2),
      20_000,
    )
  }
  writeFileSync(join(flows, 'go'), '')
  await started.scheduler.idle()
  return place
}

test.each([
  ['skip', ['2026-10-24T22:01 finished', '2026-10-24T22:02 overlapped'], ['succeeded']],
  ['queue', ['2026-10-24T22:01 finished', '2026-10-24T22:02 finished'], ['succeeded', 'succeeded']],
  ['replace', ['2026-10-24T22:01 failed', '2026-10-24T22:02 finished'], ['succeeded', 'crashed']],
] as const)('a run that is due while the one before goes on: %s', async (overlap, outcomes, states) => {
  const place = await overlapping(overlap)
  expect(place.outcomes()).toEqual(outcomes)
  const runs = askRegistry(place.dataDir, (registry) => registry.flowRuns())
  expect(runs.map(({ state }) => state)).toEqual(states)
  expect(runs[0]!.cause).toMatch(/^schedule nightly, due 2026-10-24T22:0/)
})

test('a scheduler that is stopped ends what it has started, and the next one goes on with it', async () => {
  const flows = temporaryDirectory()
  writeFileSync(
    join(flows, 'wait.yaml'),
    `lock: false\ntasks:\n  one: { shell: 'echo >> ${flows}/ones' }\n  wait: { needs: one, shell: 'while [ ! -e ${flows}/go ]; do sleep 0.02; done' }\n`,
  )
  const dataDir = join(temporaryDirectory(), 'data')
  const add = await runRecsys([
    ...['schedule', 'add', '* * * * * *', '--name', 'often', 'flow', 'run', join(flows, 'wait.yaml')],
    ...['--data-dir', dataDir],
  ])
  expect(add.exitCode).toBe(0)
  const first = spawnRecsys(['scheduler', '--data-dir', dataDir])
  const runs = () => askRegistry(dataDir, (registry) => registry.flowRuns())
  const tasks = () => askRegistry(dataDir, (registry) => registry.flowRun(runs()[0]!.flowRunId).tasks)
  await vi.waitFor(() => expect(tasks()[1]).toMatchObject({ task: 'wait', state: 'running' }), 20_000)
  const ended = once(first, 'exit')
  first.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
  expect(runs()).toMatchObject([{ state: 'crashed', message: 'interrupted' }])
  await runRecsys(['schedule', 'pause', 'often', '--data-dir', dataDir])
  writeFileSync(join(flows, 'go'), '')
  const second = spawnRecsys(['scheduler', '--data-dir', dataDir])
  await vi.waitFor(() => expect(runs()).toMatchObject([{ state: 'succeeded' }]), 20_000)
  await vi.waitFor(
    () =>
      expect(askRegistry(dataDir, (registry) => registry.firings()).at(-1)).toMatchObject({
        outcome: 'finished',
      }),
    5000,
  )
  second.kill('SIGTERM')
  await once(second, 'exit')
  expect(readFileSync(join(flows, 'ones'), 'utf8')).toBe('\n')
})

test('a server can run what is due beside its requests', async () => {
  const dataDir = join(temporaryDirectory(), 'data')
  await runRecsys([
    'schedule',
    'add',
    '* * * * * *',
    '--name',
    'often',
    'gc',
    '--dry-run',
    '--data-dir',
    dataDir,
  ])
  const server = spawnRecsys([
    'serve',
    '--with-scheduler',
    '--port',
    '0',
    '--threads',
    '1',
    '--data-dir',
    dataDir,
  ])
  const outcomes = () => askRegistry(dataDir, (registry) => registry.firings().map(({ outcome }) => outcome))
  await vi.waitFor(() => expect(outcomes()).toContain('finished'), 20_000)
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
})
