import { join } from 'node:path'
import { type FlowReport, runFlow } from '../../src/flow/run-flow.ts'
import { type Flow, type FlowNews, type FlowSetting, once, type Task } from '../../src/flow/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

/** A task of `sh`, with what a test cares about. */
export function shell(id: string, line: string, more: Partial<Task> = {}): Task {
  return {
    ...{ id, description: '', command: { kind: 'shell', line, output: 'lines' } as const },
    ...{ needs: [], when: 'all-succeeded' as const, mayFail: false, retry: once, timeoutMs: null },
    ...{ cache: null, skipOn: [], undo: null, env: {} },
    ...more,
  }
}

export function flowOf(tasks: readonly Task[], more: Partial<Flow> = {}): Flow {
  return {
    name: 'test',
    description: '',
    lock: null,
    params: {},
    directory: '.',
    maxParallel: 2,
    tasks,
    ...more,
  }
}

/** A directory with a registry, and what running flows in it needs. */
export function flowPlace(more: Partial<FlowSetting> = {}) {
  const directory = temporaryDirectory()
  const news: FlowNews[] = []
  const setting: FlowSetting = {
    ...{ dataDir: join(directory, 'data'), env: process.env, cause: 'test', useCache: true },
    signal: new AbortController().signal,
    lakeVersion: async () => null,
    onNews: (each) => news.push(each),
    random: () => 0,
    ...more,
  }
  return {
    ...{ directory, dataDir: setting.dataDir, setting, news },
    run: (flow: Flow) => runFlow({ ...flow, directory }, setting),
  }
}

/** `{ load: 'succeeded', train: 'failed' }` */
export function statesOf({ tasks }: Pick<FlowReport, 'tasks'>): Record<string, string> {
  return Object.fromEntries(tasks.map(({ task, state }) => [task, state]))
}
