import { expect, test } from 'vitest'
import { runRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { publish, register } from '../serving/registered.ts'

test('a trial is started, shown and stopped, and the history tells it', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  await register(dataDir)
  const recsys = (...args: string[]) => runRecsys([...args, '--data-dir', dataDir])
  const started = await recsys('trial', 'start', '--version', '2', '--canary', '5%')
  expect(started).toMatchObject({ exitCode: 0 })
  expect(started.stdout).toMatch(/^recommender v2 answers 5 % of the users, since /)
  const shown = await recsys('trial', 'show', '--json')
  expect(JSON.parse(shown.stdout)).toMatchObject({ trial: { version: 2, mode: 'canary', share: 0.05 } })
  expect((await recsys('trial', 'stop', '--reason', 'enough')).stdout).toBe(
    'the trial of recommender v2 ended\n',
  )
  expect((await recsys('trial', 'show')).stdout).toBe('recommender has no version on trial\n')
  const { stdout } = await recsys('models', 'history')
  expect(stdout).toContain('recommender v2 is tried out on some users')
  expect(stdout).toContain('the trial of recommender v2 ended')
})

test('what cannot be tried out is refused with what to do', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  const start = (...args: string[]) => runRecsys(['trial', 'start', ...args, '--data-dir', dataDir])
  expect(await start('--version', '1', '--canary', '5%')).toMatchObject({ exitCode: 5 })
  expect(await start('--version', '7', '--shadow', '1')).toMatchObject({ exitCode: 4 })
  const badShare = await start('--version', '1', '--canary', '120%')
  expect(badShare.exitCode).toBe(2)
  expect(badShare.stderr).toContain('expected a share such as 5% or 0.05')
  expect((await start('--version', '1')).exitCode).toBe(2)
})
