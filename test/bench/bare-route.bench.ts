import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { readArtifact } from '../../src/artifacts/artifact.ts'
import { renderTable } from '../../src/cli/table.ts'
import { textAt } from '../../src/serving/shared/id-table.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'
import { type LoadFigures, load } from './http-load.ts'
import { serveModel } from './one-model-server.ts'

/**
 * One request thread beside a bare Fastify route that answers the same bytes: how much of its requests a second is left for
 * an answer from the cache, and for one that is ranked anew, seen items left out? Rounds are interleaved; the client runs in
 * this process's main thread. `--artifact` names the directory of a trained model, else it is one of noise, whose rows are
 * all of one size so that hardly anything can be passed over. `--smoke` only shows that it runs.
 */
const { values: flags } = parseArgs({
  options: {
    artifact: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50' },
    smoke: { type: 'boolean', default: false },
  },
})
const seconds = flags.smoke ? 0.2 : Number(flags.seconds)
const nRounds = flags.smoke ? 1 : Number(flags.rounds)
const nConnections = Number(flags.connections)
const content = flags.artifact
  ? await readArtifact(flags.artifact)
  : fixtureContent({ nUsers: 5000, nItems: flags.smoke ? 500 : 27_000, width: 64 })
const shared = shareModel(content, { ...fixtureIdentity(), algorithm: content.manifest.algorithm }, 1)
const nUsers = shared.users.size

const cached = await serveModel(shared, 1, 64 * 2 ** 20)
const uncached = await serveModel(shared, 1, 0)
const onePath = pathOf(1)
const text = await (await fetch(`http://127.0.0.1:${cached.port}${onePath}`)).text()
const bare = new Worker(new URL('./bare-server.ts', import.meta.url), { workerData: { text } })
const [barePort] = (await once(bare, 'message')) as [number]

const targets: readonly (readonly [name: string, port: number, pathOf: (n: number) => string])[] = [
  ['bare Fastify route', barePort, () => onePath],
  ['cached', cached.port, () => onePath],
  ['ranked anew, random users', uncached.port, pathOf],
]
const rounds: LoadFigures[][] = targets.map(() => [])
for (let round = -1; round < nRounds; round++) {
  for (const [i, [, port, path]] of targets.entries()) {
    const figures = await load(port, nConnections, path, delay(1000 * seconds))
    if (round >= 0) rounds[i]!.push(figures)
  }
}
console.log(
  `${shared.items.size} items × ${shared.scoring.width}, ${text.length} bytes an answer, ${nRounds} rounds`,
)
console.log(renderTable(['route', 'requests/s', 'p99 ms', 'not 200', 'of bare'], targets.map(row)))
await Promise.all([cached.stop(100), uncached.stop(100), bare.terminate()])

function row([name]: (typeof targets)[number], i: number): (string | number)[] {
  const rate = (which: number) => median(rounds[which]!.map((figures) => figures.requestsPerSecond))
  const p99 = median(rounds[i]!.map((figures) => figures.p99Ms))
  const notOk = rounds[i]!.reduce((sum, figures) => sum + figures.notOk, 0)
  return [name, Math.round(rate(i)), p99.toFixed(1), notOk, `${Math.round((100 * rate(i)) / rate(0))} %`]
}

function pathOf(n: number): string {
  return `/recommendations/${encodeURIComponent(textAt(shared.users, (n * 7919) % nUsers))}?k=10`
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
