import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readArtifact } from '../../src/artifacts/artifact.ts'
import { renderTable } from '../../src/cli/table.ts'
import { modelOf } from '../../src/pipeline/model-artifact.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { freePort } from '../helpers/free-port.ts'
import { fixtureIdentity } from '../serving/fixture-model.ts'
import { type LoadFigures, load } from './http-load.ts'
import { serveModel } from './one-model-server.ts'

/**
 * One process of recsys with one request thread beside one of FastAPI with numpy (`peers/serving_service.py`), the same
 * model, random users, seen items left out; rounds interleaved. `--python` is one with the packages of `peers/serving.txt`.
 */
const { values: flags } = parseArgs({
  options: {
    artifact: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50' },
  },
})
if (flags.artifact === undefined) throw new Error('--artifact names the directory of a trained model')
const [rounds, seconds, connections] = [
  Number(flags.rounds),
  Number(flags.seconds),
  Number(flags.connections),
]
const content = await readArtifact(flags.artifact)
const shared = shareModel(content, { ...fixtureIdentity(), algorithm: content.manifest.algorithm }, 1)
const directory = mkdtempSync(join(tmpdir(), 'recsys-serving-peer-'))
const peerPort = await freePort()
exportModel()
const service = fileURLToPath(new URL('./peers/serving_service.py', import.meta.url))
const peer = spawn(flags.python, [service, directory, String(peerPort)], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
})
try {
  await untilThere(peerPort)
  const uncached = await serveModel(shared, 1, 0)
  const cached = await serveModel(shared, 1, 64 * 2 ** 20)
  const targets = [
    ['FastAPI + numpy', peerPort],
    ['recsys, ranked anew', uncached.port],
    ['recsys, cached', cached.port],
  ] as const
  const figures: LoadFigures[][] = targets.map(() => [])
  for (let round = -1; round < rounds; round++) {
    for (const [i, [, port]] of targets.entries()) {
      const one = await load(port, connections, pathOf, delay(1000 * seconds))
      if (round >= 0) figures[i]!.push(one)
    }
  }
  const median = (i: number, of: (one: LoadFigures) => number) =>
    figures[i]!.map(of).sort((a, b) => a - b)[rounds >> 1]!
  console.log(
    `${shared.items.size} items × ${shared.scoring.width}, ${connections} connections, ${rounds} rounds`,
  )
  console.log(
    renderTable(
      ['', 'requests/s', 'p50 ms', 'p99 ms', 'not 200', 'of FastAPI'],
      targets.map(([name], i) => [
        name,
        Math.round(median(i, (one) => one.requestsPerSecond)),
        median(i, (one) => one.p50Ms).toFixed(1),
        median(i, (one) => one.p99Ms).toFixed(1),
        figures[i]!.reduce((sum, one) => sum + one.notOk, 0),
        `${(median(i, (one) => one.requestsPerSecond) / median(0, (one) => one.requestsPerSecond)).toFixed(1)}×`,
      ]),
    ),
  )
  await Promise.all([uncached.stop(100), cached.stop(100)])
} finally {
  peer.kill()
  rmSync(directory, { recursive: true, force: true })
}

function exportModel(): void {
  const ranking = modelOf(content).ranking()
  if (ranking.kind !== 'factors') throw new Error('the model has no factors')
  const { userIds, itemIds, itemTitles: titles, itemCategories: categories } = content
  const meta = { width: ranking.width, userIds, itemIds, titles, categories }
  writeFileSync(join(directory, 'meta.json'), JSON.stringify(meta))
  writeFileSync(join(directory, 'users.f32'), ranking.userRows)
  writeFileSync(join(directory, 'items.f32'), ranking.itemRows)
  writeFileSync(join(directory, 'starts.i32'), content.historyStarts)
  writeFileSync(join(directory, 'history.i32'), content.historyItems)
}

async function untilThere(port: number): Promise<void> {
  for (let look = 0; look < 300; look++) {
    const isThere = await fetch(`http://127.0.0.1:${port}${pathOf(0)}`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere) return
    await delay(100)
  }
  throw new Error('the peer did not start')
}

function pathOf(n: number): string {
  return `/recommendations/${content.userIds[(n * 7919) % content.userIds.length]}?k=10`
}
