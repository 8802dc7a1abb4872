/**
 * A process that writes to a registry: `node registry-writer.ts <task> <dataDir> [version]`. Tests start it, watch its
 * lines and kill it.
 */
import { openRegistry } from '../../src/registry/registry.ts'
import type { Registry } from '../../src/registry/types.ts'

const [task, dataDir, version] = process.argv.slice(2)
const run = {
  algorithm: 'svd',
  params: { factors: 2 },
  seed: 1,
  split: 'hash:0.2',
  lakeVersion: 0,
  programVersion: '0.1.0',
  nodeVersion: process.version,
  tags: {},
}
const finished = { splitFingerprint: 'f'.repeat(64), metrics: { rmse: 0.9 }, durationsMs: { fit: 1 } }
const why = { reason: 'test', figures: { metric: 'rmse' } }

const tasks: Record<string, (dataDir: string) => void | Promise<void>> = {
  'die-while-running': dieWhileRunning,
  'write-for-ever': writeForEver,
  'promote-once': promoteOnce,
  'open-once': openOnce,
}
await tasks[task!]!(dataDir!)

function dieWhileRunning(directory: string): void {
  process.stdout.write(`${openRegistry(directory).createRun(run)}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** A line after each transaction, and never an end. */
function writeForEver(directory: string): void {
  const registry = openRegistry(directory)
  for (;;) {
    const runId = registry.createRun(run)
    say('run')
    registry.logEpoch(runId, 1, { loss: 1, trainRmse: 2 })
    say('epoch')
    const artifact = { name: 'films', artifactPath: `artifacts/${runId}`, manifestSha256: 'a'.repeat(64) }
    const registered = registry.finishRun(runId, finished, artifact)!
    say('version')
    moveAround(registry, registered.version)
  }
}

function moveAround(registry: Registry, newest: number): void {
  const move = { name: 'films', stage: 'production' as const, ...why }
  const present = () => registry.inStage('films', 'production')?.version ?? null
  registry.changeStage({ ...move, version: newest, action: 'promote', expectedPrevious: present() })
  say('promote')
  registry.recordRefusal({ ...move, version: newest, previous: present() })
  say('refuse')
  const previous = registry.previousProduction('films')
  if (newest % 3 !== 0 || previous === undefined) return
  registry.changeStage({
    ...move,
    version: previous.version,
    action: 'rollback',
    expectedPrevious: present(),
  })
  say('rollback')
}

/** Decides against nothing in production, says so, and moves when told to. */
async function promoteOnce(directory: string): Promise<void> {
  const registry = openRegistry(directory)
  say('ready')
  await new Promise((told) => process.stdin.once('data', told))
  process.stdin.destroy()
  const change = {
    name: 'films',
    version: Number(version),
    stage: 'production' as const,
    expectedPrevious: null,
  }
  say(outcomeOf(() => registry.changeStage({ ...change, action: 'promote', ...why })))
}

async function openOnce(directory: string): Promise<void> {
  say('ready')
  await new Promise((told) => process.stdin.once('data', told))
  process.stdin.destroy()
  say(outcomeOf(() => openRegistry(directory).createRun(run)))
}

function outcomeOf(work: () => unknown): string {
  try {
    work()
    return 'done'
  } catch (error) {
    return String((error as { code?: string }).code ?? error)
  }
}

/** Written at once: what was said before a kill was said. */
function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
