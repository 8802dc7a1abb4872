import type { ListrTaskWrapper } from 'listr2'
import { showDuration } from '../duration.ts'
import type { Flow, FlowNews } from '../flow/types.ts'
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
  return process.stderr.isTTY && process.stdout.isTTY ? liveList() : plainLines()
}

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
function stateText(news: Extract<FlowNews, { type: 'task' }>, startedAt: number | undefined): string {
  const { state, attempt, message } = news
  const which = state === 'running' && attempt > 1 ? `, attempt ${attempt}` : ''
  const took =
    over.includes(state) && startedAt !== undefined
      ? ` in ${showDuration(performance.now() - startedAt)}`
      : ''
  return `${state}${which}${took}${message === null ? '' : `: ${printable(message, 300)}`}`
}

type Row = ListrTaskWrapper<unknown, never, never>

/** The tasks of listr2, each of which ends when the runner says so. */
function liveList(): FlowDisplay {
  const rows = new Map<string, { row?: Row; readonly done: PromiseWithResolvers<void> }>()
  const startedAt = new Map<string, number>()
  let shown: Promise<unknown> = Promise.resolve()
  return {
    onNews: (news) => {
      if (news.type === 'begun') {
        shown = startList(news.flow, rows)
        return
      }
      const { row, done } = rows.get(news.task) ?? {}
      if (row === undefined) return
      if (news.type === 'line') row.output = printable(news.line, 200)
      else {
        if (news.state === 'running') startedAt.set(news.task, startedAt.get(news.task) ?? performance.now())
        row.title = `${news.task}  ${stateText(news, startedAt.get(news.task))}`
        if (news.state === 'skipped' || news.state === 'cancelled') row.skip(row.title)
        if (news.state === 'failed' || news.state === 'crashed') done?.reject(new Error(row.title))
        else if (over.includes(news.state)) done?.resolve()
      }
    },
    end: async () => {
      // What never came to run, because the flow was ended before.
      for (const { done } of rows.values()) done.resolve()
      await shown
    },
  }
}

async function startList(
  flow: Flow,
  rows: Map<string, { row?: Row; readonly done: PromiseWithResolvers<void> }>,
): Promise<void> {
  for (const { id } of flow.tasks) rows.set(id, { done: Promise.withResolvers<void>() })
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2')
  const list = new Listr(
    flow.tasks.map(({ id }) => ({
      title: `${id}  waiting`,
      task: (_: unknown, row: unknown) => {
        const own = rows.get(id)!
        own.row = row as Row
        return own.done.promise
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      // Ctrl-C belongs to the runner, which ends the tasks and writes down what became of them.
      registerSignalListeners: false,
      rendererOptions: {
        collapseErrors: false,
        collapseSkips: false,
        logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
      },
    },
  )
  await list.run()
}
