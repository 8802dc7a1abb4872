import type { ListrTaskWrapper } from 'listr2'
import { showDuration } from '../duration.ts'
import type { FlowNews } from '../flow/types.ts'
import type { TaskState } from '../registry/flow-types.ts'
import { printable } from './registry-text.ts'

/** Shows a flow while it runs, on stderr. */
export interface FlowDisplay {
  onNews(news: FlowNews): void
  /** Resolves when everything is written. */
  end(): Promise<void>
}

/** A live list of tasks on a terminal; elsewhere one plain line a change; nothing with `--quiet`. */
export function showFlow({ silent }: { readonly silent: boolean }): FlowDisplay {
  if (silent) return { onNews: () => undefined, end: async () => undefined }
  // The library looks at standard output only, and writes to where it is told to.
  const isTerminal = process.stderr.isTTY && process.stdout.isTTY && process.stdout.columns > 0
  return isTerminal ? liveList() : plainLines()
}

type TaskNews = Extract<FlowNews, { type: 'task' }>

const over: readonly TaskState[] = ['succeeded', 'failed', 'cached', 'skipped', 'cancelled', 'crashed']

/** What a task says comes in many lines; a log wants to know that it goes on, not all of them. */
const lineEveryMs = 5000

function plainLines(): FlowDisplay {
  const startedAt = new Map<string, number>()
  const lastLineAt = new Map<string, number>()
  const write = (text: string) => void process.stderr.write(`${text}\n`)
  return {
    onNews: (news) => {
      const now = performance.now()
      if (news.type === 'begun') return write(`flow run ${news.flowRunId}: ${news.flow.name}`)
      const { task } = news
      if (news.type === 'line') {
        if (now - (lastLineAt.get(task) ?? Number.NEGATIVE_INFINITY) < lineEveryMs) return
        lastLineAt.set(task, now)
        return write(`  ${task}: ${printable(news.line, 200)}`)
      }
      if (news.state === 'running') {
        startedAt.set(task, startedAt.get(task) ?? now)
        lastLineAt.set(task, now)
      }
      write(`${task} ${stateText(news, startedAt.get(task))}`)
    },
    end: async () => undefined,
  }
}

/** `succeeded in 3.2 s`, `retrying: …`, `running, attempt 2` */
function stateText(news: TaskNews, startedAt: number | undefined): string {
  const { state, attempt, message } = news
  const which = state === 'running' && attempt > 1 ? `, attempt ${attempt}` : ''
  const took =
    over.includes(state) && startedAt !== undefined
      ? ` in ${showDuration(performance.now() - startedAt)}`
      : ''
  return `${state}${which}${took}${message === null ? '' : `: ${printable(message, 300)}`}`
}

type Row = ListrTaskWrapper<unknown, never, never>

/** What a task of the list is and how far it is. */
interface ListedTask {
  row: Row | undefined
  /** What was told of it before the list was there. */
  news: TaskNews | undefined
  startedAt: number | undefined
  readonly done: PromiseWithResolvers<void>
}

/** The tasks of listr2, each of which ends when the runner says so. */
function liveList(): FlowDisplay {
  const tasks = new Map<string, ListedTask>()
  let shown: Promise<unknown> = Promise.resolve()
  const add = (id: string) => {
    const task = {
      row: undefined,
      news: undefined,
      startedAt: undefined,
      done: Promise.withResolvers<void>(),
    }
    tasks.set(id, task)
    return task
  }
  return {
    onNews: (news) => {
      if (news.type === 'begun') {
        for (const { id } of news.flow.tasks) add(id)
        shown = showList(tasks)
        return
      }
      // What takes a task back is in no plan.
      const task = tasks.get(news.task) ?? add(news.task)
      if (news.type === 'line') {
        if (task.row) task.row.output = printable(news.line, 200)
        return
      }
      if (news.state === 'running') task.startedAt ??= performance.now()
      task.news = news
      if (task.row) showState(task, task.row, news)
    },
    end: async () => {
      // What never came to run, because the flow was ended before.
      for (const { done } of tasks.values()) done.resolve()
      await shown
    },
  }
}

function showState({ startedAt, done }: ListedTask, row: Row, news: TaskNews): void {
  row.title = `${news.task}  ${stateText(news, startedAt)}`
  if (news.state === 'skipped' || news.state === 'cancelled') row.skip(row.title)
  if (news.state === 'failed' || news.state === 'crashed') done.reject(new Error(row.title))
  else if (over.includes(news.state)) done.resolve()
}

async function showList(tasks: ReadonlyMap<string, ListedTask>): Promise<void> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2')
  const list = new Listr(
    [...tasks].map(([id, task]) => ({
      title: `${id}  waiting`,
      task: (_: unknown, row: unknown) => {
        task.row = row as Row
        if (task.news) showState(task, task.row, task.news)
        return task.done.promise
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      // Ctrl-C belongs to the runner, which ends the tasks and writes down what became of them.
      registerSignalListeners: false,
      rendererOptions: {
        collapseErrors: false,
        logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
      },
    },
  )
  await list.run()
}
