import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'
import { load } from './http-load.ts'
import { serveModel } from './one-model-server.ts'

/**
 * What a second request thread brings, with the client on the same machine and its share taken out: requests for each second
 * of processor time that the server's threads took. The same figure with one thread and with two says that two threads on cores
 * of their own give twice the requests; what is lacking they lose to each other. Rounds interleaved; `--smoke` only shows
 * that it runs.
 */
const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
})
const [rounds, seconds] = flags.smoke ? [1, 0.2] : [Number(flags.rounds), Number(flags.seconds)]
const shape = flags.smoke ? { nUsers: 100, nItems: 200, width: 8 } : { nUsers: 6040, nItems: 3706, width: 64 }
const model = shareModel(fixtureContent(shape), fixtureIdentity(), 2)
const pathOf = (n: number) => `/recommendations/u${(n * 7919) % shape.nUsers}?k=10`

interface Round {
  readonly perSecond: number
  readonly serverCpu: number
  readonly clientCpu: number
  readonly perCpuSecond: number
}

const servers = [await serveModel(model, 1, 0), await serveModel(model, 2, 0)]
const figures: Round[][] = servers.map(() => [])
for (let round = -1; round < rounds; round++) {
  for (const [i, { port }] of servers.entries()) {
    const one = await measure(port)
    if (round >= 0) figures[i]!.push(one)
  }
}
const median = (i: number, of: (round: Round) => number) =>
  figures[i]!.map(of).sort((a, b) => a - b)[rounds >> 1]!
console.log(
  `${availableParallelism()} cores; ranked anew, ${shape.nItems} items × ${shape.width}, ${rounds} rounds`,
)
console.log(
  renderTable(
    [
      'threads',
      'requests/s',
      'server cores',
      'client cores',
      'requests a server core-second',
      'of one thread',
    ],
    servers.map((_, i) => [
      i + 1,
      Math.round(median(i, ({ perSecond }) => perSecond)),
      median(i, ({ serverCpu }) => serverCpu).toFixed(2),
      median(i, ({ clientCpu }) => clientCpu).toFixed(2),
      Math.round(median(i, ({ perCpuSecond }) => perCpuSecond)),
      `${((100 * median(i, ({ perCpuSecond }) => perCpuSecond)) / median(0, ({ perCpuSecond }) => perCpuSecond)).toFixed(0)} %`,
    ]),
  ),
)
for (const server of servers) await server.stop(100)

/** The client is this thread; all other processor time of the process is the server's. */
async function measure(port: number): Promise<Round> {
  const [cpu, client, start] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()]
  const { requestsPerSecond } = await load(port, 100, pathOf, delay(1000 * seconds))
  const elapsed = 1000 * (performance.now() - start)
  const [all, own] = [process.cpuUsage(cpu), process.threadCpuUsage(client)]
  const clientCpu = (own.user + own.system) / elapsed
  const serverCpu = (all.user + all.system) / elapsed - clientCpu
  return { perSecond: requestsPerSecond, serverCpu, clientCpu, perCpuSecond: requestsPerSecond / serverCpu }
}
