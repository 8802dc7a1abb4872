import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { queryTables } from '../../src/lake/query-tables.ts'
import { flushEvents } from '../../src/pipeline/flush-events.ts'

const program = fileURLToPath(new URL('../../bin/dev.js', import.meta.url))
const nClients = 8
const eventsARequest = 5

export interface KillOutcome {
  readonly acknowledged: number
  readonly unanswered: number
  /** Acknowledged events that the lake does not have. */
  readonly lost: number
  /** Events that the lake has more than once. */
  readonly duplicated: number
  /** Versions of the table: how often a flush had come to its end. */
  readonly commits: number
}

/**
 * Round by round: starts `recsys serve`, sends events from several clients, kills it (kill -9) at a random moment, between
 * requests, amid group commits and amid flushes; what was not answered is sent again in the next round with the same ids. At
 * the end the lake is compared with what was acknowledged.
 * @param random  numbers in [0, 1)
 */
export async function killRounds(
  dataDir: string,
  nRounds: number,
  random: () => number,
  onRound: (round: number) => void = () => undefined,
): Promise<KillOutcome> {
  const acknowledged = new Set<string>()
  let unanswered: string[] = []
  let nUnanswered = 0
  let count = 0
  for (let round = 0; round < nRounds; round++) {
    const { child, url } = await startServe(dataDir)
    const running = { is: true }
    const nextId = () => unanswered.pop() ?? `event-${count++}`
    const clients = Array.from({ length: nClients }, () =>
      sendUntilKilled(url, nextId, acknowledged, running),
    )
    await delay(20 + 1500 * random())
    running.is = false
    const dead = once(child, 'exit')
    child.kill('SIGKILL')
    await dead
    const left = (await Promise.all(clients)).flat()
    unanswered = [...unanswered, ...left]
    nUnanswered += left.length
    onRound(round)
  }
  await flushEvents(dataDir)
  return {
    acknowledged: acknowledged.size,
    unanswered: nUnanswered,
    ...(await compare(dataDir, acknowledged)),
  }
}

async function startServe(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const flags = ['--port', '0', '--threads', '2', '--flush-interval', '1s', '--flush-events', '300']
  const child = spawn(
    process.execPath,
    [program, 'serve', ...flags, '--log-level', 'error', '--data-dir', dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /http:\/\/[\w.:[\]-]+/.exec(line)?.[0]
    if (url) return { child, url }
  }
  throw new Error('serve ended before it listened')
}

/** @returns ids of events that were sent and not answered */
async function sendUntilKilled(
  url: string,
  nextId: () => string,
  acknowledged: Set<string>,
  running: { is: boolean },
): Promise<string[]> {
  while (running.is) {
    const ids = Array.from({ length: eventsARequest }, nextId)
    const events = ids.map((id) => ({ id, userId: id, itemId: 'i1', type: 'click' }))
    try {
      const response = await fetch(`${url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(events),
      })
      await response.json()
      if (response.status !== 202) return ids
      for (const id of ids) acknowledged.add(id)
    } catch {
      return ids
    }
  }
  return []
}

async function compare(dataDir: string, acknowledged: ReadonlySet<string>) {
  const { rows } = await queryTables(
    dataDir,
    'SELECT user_id, count(*)::INTEGER FROM events GROUP BY ALL',
    1e7,
  )
  const counts = new Map(rows as [string, number][])
  const commits = readdirSync(join(dataDir, 'lake', 'events', '_delta_log')).filter((name) =>
    name.endsWith('.json'),
  )
  return {
    lost: [...acknowledged].filter((id) => !counts.has(id)).length,
    duplicated: [...counts.values()].filter((n) => n > 1).length,
    commits: commits.length,
  }
}
