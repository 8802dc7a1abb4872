import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killRounds } from '../helpers/kill-event-server.ts'
import { publish } from '../serving/registered.ts'

/** Events acknowledged, then kill -9, again and again: nothing may be lost, nothing counted twice. */
const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } })
const dataDir = mkdtempSync(join(tmpdir(), 'recsys-events-'))
try {
  await publish(dataDir)
  const outcome = await killRounds(dataDir, Number(flags.rounds), Math.random, (round) => {
    if (round % 20 === 19) console.error(`${round + 1} rounds`)
  })
  console.log({ rounds: Number(flags.rounds), ...outcome })
  if (outcome.lost + outcome.duplicated > 0) process.exitCode = 1
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
