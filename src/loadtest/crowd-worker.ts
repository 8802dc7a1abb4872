import { parentPort, workerData } from 'node:worker_threads'
import { Crowd } from './crowd.ts'
import type { CrowdThreadData, FromCrowd, ToCrowd } from './crowd-threads.ts'
import { watchLoop } from './generator.ts'
import { Recorder } from './recorder.ts'
import { compileScenario } from './scenario/compile.ts'

const say = (message: FromCrowd) => parentPort!.postMessage(message)

void prepare(workerData as CrowdThreadData)

async function prepare({ source, names, ...stage }: CrowdThreadData): Promise<void> {
  const scenario = await compileScenario(source)
  const recorder = new Recorder(names)
  const crowd = new Crowd({ ...stage, scenario }, (outcome, path) => recorder.record(outcome, path))
  const abort = new AbortController()
  parentPort!.on('message', (message: ToCrowd) => {
    if (message === 'start') void work(crowd, recorder, abort.signal)
    else if (message === 'cut-off') abort.abort()
    else crowd.setUsers(message.users)
  })
  say({ type: 'ready' })
}

async function work(crowd: Crowd, recorder: Recorder, signal: AbortSignal): Promise<void> {
  const health = watchLoop()
  const report = () => say({ type: 'batch', batch: recorder.takeBatch(), nUsers: crowd.nUsers })
  // Often enough that a second of the report is hardly mixed up with the next one.
  const reporting = setInterval(report, 250)
  const { unfinished, open } = await crowd.run(signal)
  clearInterval(reporting)
  report()
  const figures = open && { ...open, lateness: open.lateness.encode(), raw: open.raw.encode() }
  say({ type: 'done', unfinished, open: figures, health: health() })
  parentPort!.close()
}
