import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Flow } from '../../../flow/types.ts'
import type { FlowRunDetails } from '../../../registry/flow-types.ts'
import type { Answers, FlowSummary, SchedulesAnswer } from '../../types.ts'
import { postJson, useData } from '../api.ts'
import { Gantt, TaskGraph } from '../charts.tsx'
import { between, duration } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Action, Badge, Card, Empty, Figures, Log, Show, Table, Time } from '../ui.tsx'

export function FlowsPage(): JSX.Element {
  const flows = useData<Answers['flows']>('flows')
  const schedules = useData<SchedulesAnswer>('schedules')
  return (
    <>
      <h1>Flows</h1>
      <Card title="Runs">
        <Show loaded={flows}>
          {({ runs }) =>
            runs.length === 0 ? (
              <Empty>No flow has run. `recsys retrain` trains, judges and promotes in one go.</Empty>
            ) : (
              <FlowTable runs={runs} />
            )
          }
        </Show>
      </Card>
      <Show loaded={schedules}>{(answer) => <Schedules answer={answer} />}</Show>
    </>
  )
}

function FlowTable({ runs }: { runs: readonly FlowSummary[] }): JSX.Element {
  return (
    <Table
      label="runs of flows"
      rows={runs}
      keyOf={({ flowRunId }) => flowRunId}
      columns={[
        { name: 'run', cell: ({ flowRunId }) => <a href={`#/flow/${flowRunId}`}>{flowRunId}</a> },
        { name: 'flow', cell: ({ flow }) => flow },
        { name: 'state', cell: ({ state }) => <Badge state={state} /> },
        {
          name: 'tasks',
          cell: ({ tasks }) =>
            `${tasks.filter(({ state }) => ['succeeded', 'cached', 'skipped'].includes(state)).length} of ${tasks.length}`,
        },
        { name: 'started', cell: ({ startedAt }) => <Time iso={startedAt} /> },
        { name: 'took', isNumber: true, cell: ({ startedAt, finishedAt }) => between(startedAt, finishedAt) },
        { name: 'started by', cell: ({ cause }) => cause },
        { name: 'message', isWide: true, cell: ({ message }) => message ?? '' },
      ]}
    />
  )
}

function Schedules({
  answer: { schedules, firings, webhooks, deliveries },
}: {
  answer: SchedulesAnswer
}): JSX.Element {
  return (
    <>
      <Card title="Schedules">
        {schedules.length === 0 ? (
          <Empty>None: `recsys schedule add "0 3 * * *" retrain` adds one.</Empty>
        ) : (
          <Table
            label="schedules"
            rows={schedules}
            keyOf={({ name }) => name}
            columns={[
              { name: 'schedule', cell: ({ name }) => name },
              { name: 'times', cell: ({ cron, timeZone }) => `${cron} (${timeZone})` },
              { name: 'runs', cell: ({ command }) => command.join(' ') },
              { name: 'only when', cell: ({ condition }) => condition ?? '' },
              {
                name: 'next',
                cell: ({ pausedAt, nextDueAt }) => (pausedAt ? 'paused' : <Time iso={nextDueAt} />),
              },
            ]}
          />
        )}
      </Card>
      {firings.length === 0 ? null : (
        <Card title="Due times">
          <Table
            label="due times"
            rows={firings}
            keyOf={({ id }) => id}
            columns={[
              { name: 'schedule', cell: ({ schedule }) => schedule },
              { name: 'due', cell: ({ dueAt }) => <Time iso={dueAt} /> },
              { name: 'outcome', cell: ({ outcome }) => <Badge state={outcome} /> },
              {
                name: 'flow',
                cell: ({ flowRunId }) => (flowRunId ? <a href={`#/flow/${flowRunId}`}>{flowRunId}</a> : ''),
              },
              { name: 'note', isWide: true, cell: ({ note }) => note ?? '' },
            ]}
          />
        </Card>
      )}
      {webhooks.length === 0 ? null : (
        <Card title="Webhooks">
          <Table
            label="webhooks"
            rows={webhooks}
            keyOf={({ id }) => id}
            columns={[
              { name: 'address', cell: ({ url }) => url },
              { name: 'told of', cell: ({ events }) => events.join(', ') },
              { name: 'last message', cell: ({ id }) => lastMessage(deliveries, id) },
            ]}
          />
        </Card>
      )}
    </>
  )
}

function lastMessage(deliveries: SchedulesAnswer['deliveries'], id: string): string {
  const last = deliveries.find(({ webhookId }) => webhookId === id)
  if (!last) return 'none yet'
  return last.deliveredAt === null
    ? `${last.event}: ${last.lastError ?? 'under way'}`
    : `${last.event}: delivered`
}

const isOver = (state: string) => ['succeeded', 'cached', 'skipped'].includes(state)

export function FlowPage({ parts: [flowRunId = ''] }: PageProps): JSX.Element {
  const answer = useData<Answers['flow']>(`flows/${encodeURIComponent(flowRunId)}`)
  return (
    <>
      <h1>Flow run {flowRunId}</h1>
      <Show loaded={answer}>{({ run }) => <FlowRun run={run} />}</Show>
    </>
  )
}

function FlowRun({ run }: { run: FlowRunDetails }): JSX.Element {
  const plan = run.plan as Flow
  const needs = new Map(plan.tasks.map((task) => [task.id, task.needs]))
  const spans = run.attempts.map(({ task, state, startedAt, finishedAt }) => ({
    ...{ name: task, state, from: Date.parse(startedAt) },
    to: finishedAt === null ? Date.now() : Date.parse(finishedAt),
  }))
  return (
    <>
      <p class="lead">
        {run.flow} <Badge state={run.state} /> {run.message}
      </p>
      <Card>
        <Figures
          rows={[
            ['started', <Time iso={run.startedAt} />, true],
            ['took', between(run.startedAt, run.finishedAt)],
            ['started by', run.cause, true],
            ...(run.parentFlowRunId
              ? [
                  [
                    'from run',
                    <a href={`#/flow/${run.parentFlowRunId}`}>{run.parentFlowRunId}</a>,
                    true,
                  ] as const,
                ]
              : []),
            ...Object.entries(run.params).map(([key, value]) => [key, String(value), true] as const),
          ]}
        />
      </Card>
      <Card title="Tasks">
        <TaskGraph
          tasks={run.tasks.map(({ task, state }) => ({ id: task, state, needs: needs.get(task) ?? [] }))}
        />
      </Card>
      <Card title="When">
        <Gantt label="attempts of the tasks over time" spans={spans} />
      </Card>
      <Card title="Attempts">
        <Table
          label="tasks"
          rows={run.tasks}
          keyOf={({ task }) => task}
          columns={[
            { name: 'task', cell: ({ task }) => task },
            { name: 'state', cell: ({ state }) => <Badge state={state} /> },
            { name: 'attempts', isNumber: true, cell: ({ attempts }) => attempts },
            {
              name: 'took',
              isNumber: true,
              cell: ({ startedAt, finishedAt }) => between(startedAt, finishedAt),
            },
            { name: 'waits', cell: ({ task }) => waitsOf(run, task) },
            { name: 'message', isWide: true, cell: ({ message }) => message ?? '' },
          ]}
        />
      </Card>
      <Again run={run} />
      <Logs run={run} />
    </>
  )
}

function waitsOf({ attempts }: FlowRunDetails, task: string): string {
  return attempts
    .flatMap((each) => (each.task === task && each.waitMs !== null ? [duration(each.waitMs)] : []))
    .join(', ')
}

function Again({ run }: { run: FlowRunDetails }): JSX.Element {
  const [from, setFrom] = useState('')
  const at = `flows/${run.flowRunId}`
  if (run.state === 'running') {
    return (
      <Card title="End it">
        <Action
          text="Cancel"
          question="End this run? It can be gone on with."
          act={async () => {
            await postJson(`${at}/cancel`, {})
            return 'It was asked to end.'
          }}
        />
      </Card>
    )
  }
  const canResume = run.state !== 'succeeded'
  const tasks = run.tasks.filter(({ task }) => !task.startsWith('undo '))
  return (
    <Card title="Run it again">
      <div class="row">
        {canResume ? (
          <Action
            text="Go on where it was"
            isMain={true}
            act={async () => {
              await postJson(`${at}/retry`, {})
              return 'It goes on: what succeeded is not run again.'
            }}
          />
        ) : null}
        <label class="field">
          From task
          <select value={from} onChange={(event) => setFrom(event.currentTarget.value)}>
            <option value="">choose</option>
            {tasks.map(({ task }) => (
              <option key={task}>{task}</option>
            ))}
          </select>
        </label>
        {from === '' ? null : (
          <Action
            text={`Run again from ${from}`}
            act={async () => {
              await postJson(`${at}/retry`, { from })
              return 'A new run has begun: see the list of flows.'
            }}
          />
        )}
      </div>
    </Card>
  )
}

function Logs({ run }: { run: FlowRunDetails }): JSX.Element {
  const [task, setTask] = useState('')
  const query = task === '' ? '' : `?task=${encodeURIComponent(task)}`
  const logs = useData<Answers['flow-logs']>(`flows/${run.flowRunId}/logs${query}`)
  return (
    <Card title="What the tasks said">
      <label class="field">
        Task
        <select value={task} onChange={(event) => setTask(event.currentTarget.value)}>
          <option value="">all</option>
          {run.tasks.map((each) => (
            <option key={each.task} value={each.task}>
              {each.task} {isOver(each.state) ? '' : each.state}
            </option>
          ))}
        </select>
      </label>
      <Show loaded={logs}>
        {({ lines }) => (
          <Log
            label="log lines"
            lines={lines.map(
              ({ at, task: from, line }) => `${new Date(at).toLocaleTimeString('sv-SE')} ${from}  ${line}`,
            )}
          />
        )}
      </Show>
    </Card>
  )
}
