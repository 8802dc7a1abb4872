import { expect, test } from 'vitest'
import { runRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { startServer } from '../helpers/server.ts'

/** RECSYS_E2E_SECONDS=60 RECSYS_E2E_SWAPS=20 prints the figures of the release notes. */
const seconds = Number(process.env.RECSYS_E2E_SECONDS ?? 15)
const nSwaps = Number(process.env.RECSYS_E2E_SWAPS ?? 6)

test('promotes and rollbacks under the load of 100 users fail no request', { timeout: 300_000 }, async () => {
  const dataDir = temporaryDirectory()
  const recsys = async (...args: string[]) => {
    const outcome = await runRecsys([...args, '--data-dir', dataDir, '--json'])
    expect(outcome, `${args.join(' ')}\n${outcome.stdout}${outcome.stderr}`).toMatchObject({ exitCode: 0 })
    return JSON.parse(outcome.stdout)
  }
  await recsys('init-tables')
  await recsys('train', '--algo', 'svd')
  await recsys('train', '--algo', 'nmf')
  await recsys('promote', '--version', '2')
  const server = await startServer(dataDir)

  const load = recsys(
    ...['loadtest', '--url', server.url, '--users', '100', '--spawn-rate', '100'],
    // What it prints is judged by people: a busy machine must not fail the test.
    ...['--run-time', `${seconds}s`, '--goal', 'p95<60s', '--goal', 'rps>=1'],
  )
  for (let swap = 0; swap < nSwaps; swap++) {
    await recsys(...(swap % 2 === 0 ? ['promote', '--version', '1', '--force'] : ['rollback']))
  }
  const report = await load
  expect(await server.stop()).toBe(0)

  const { all, models } = report
  console.log(`${nSwaps} swaps in ${seconds} s under 100 users: ${JSON.stringify({ all, models })}`)
  expect(report.all.failures).toBe(0)
})
