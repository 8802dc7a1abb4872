import { expect, test } from 'vitest'
import { killRounds } from '../helpers/kill-event-server.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { publish } from './registered.ts'

test('acknowledged events are in the lake once, though servers are killed amid all they do', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  const outcome = await killRounds(dataDir, 5, Math.random)
  expect(outcome).toMatchObject({ lost: 0, duplicated: 0 })
  expect(outcome.acknowledged).toBeGreaterThan(100)
  expect(outcome.commits).toBeGreaterThan(0)
}, 120_000)
