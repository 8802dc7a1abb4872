import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Run } from '../../../registry/types.ts'
import type { Answers, RunAnswer } from '../../types.ts'
import { useData } from '../api.ts'
import { Parallel } from '../charts.tsx'
import { between, bytes, count, figure, metricNames } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Badge, Card, type Column, Empty, Figures, Log, Show, Table, Time } from '../ui.tsx'
import { LearningCurves } from './learning-curves.tsx'
import { RunFigures } from './run-figures.tsx'

const pageSize = 50
const states = ['running', 'finished', 'failed', 'killed']

export function RunsPage(): JSX.Element {
  const [algorithm, setAlgorithm] = useState('')
  const [status, setStatus] = useState('')
  const [by, setBy] = useState('startedAt')
  const [isDescending, setDescending] = useState(true)
  const [offset, setOffset] = useState(0)
  const query = new URLSearchParams({
    ...{
      limit: String(pageSize),
      offset: String(offset),
      sort: by,
      order: isDescending ? 'descending' : 'ascending',
    },
    ...(algorithm === '' ? {} : { algorithm }),
    ...(status === '' ? {} : { status }),
  })
  const runs = useData<Answers['runs']>(`runs?${query}`)
  const studies = useData<Answers['studies']>('studies')
  const choose =
    (change: (value: string) => void) => (event: { readonly currentTarget: HTMLSelectElement }) => {
      change(event.currentTarget.value)
      setOffset(0)
    }
  const onSort = (next: string) => {
    setDescending(next === by ? !isDescending : next === 'startedAt')
    setBy(next)
    setOffset(0)
  }
  return (
    <>
      <h1>Runs</h1>
      <Card>
        <div class="row">
          <label class="field">
            Algorithm
            <select value={algorithm} onChange={choose(setAlgorithm)}>
              <option value="">any</option>
              {(runs.data?.algorithms ?? []).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label class="field">
            State
            <select value={status} onChange={choose(setStatus)}>
              <option value="">any</option>
              {states.map((state) => (
                <option key={state}>{state}</option>
              ))}
            </select>
          </label>
        </div>
        <Show loaded={runs}>
          {({ runs: rows, total }) =>
            rows.length === 0 ? (
              <Empty>No such runs.</Empty>
            ) : (
              <>
                <RunTable rows={rows} sorting={{ by, isDescending, onSort }} />
                <div class="row">
                  <button
                    class="button"
                    type="button"
                    disabled={offset === 0}
                    onClick={() => setOffset(Math.max(0, offset - pageSize))}
                  >
                    Before
                  </button>
                  <span class="soft">
                    {count(offset + 1)} to {count(offset + rows.length)} of {count(total)}
                  </span>
                  <button
                    class="button"
                    type="button"
                    disabled={offset + rows.length >= total}
                    onClick={() => setOffset(offset + pageSize)}
                  >
                    Next
                  </button>
                </div>
              </>
            )
          }
        </Show>
      </Card>
      <Card title="Searches for parameters">
        <Show loaded={studies}>
          {({ studies: rows }) =>
            rows.length === 0 ? (
              <Empty>None yet: `recsys tune` makes one.</Empty>
            ) : (
              <Table
                label="searches for parameters"
                rows={rows}
                keyOf={({ runId }) => runId}
                columns={[
                  { name: 'study', cell: ({ runId }) => <a href={`#/study/${runId}`}>{runId}</a> },
                  { name: 'algorithm', cell: (run) => run.algorithm },
                  { name: 'state', cell: (run) => <Badge state={run.status} /> },
                  { name: 'started', cell: ({ startedAt }) => <Time iso={startedAt} /> },
                ]}
              />
            )
          }
        </Show>
      </Card>
    </>
  )
}

function RunTable({
  rows,
  sorting,
}: {
  rows: readonly Run[]
  sorting: { by: string; isDescending: boolean; onSort(by: string): void }
}): JSX.Element {
  const metrics = metricNames(rows.map((run) => run.metrics)).slice(0, 4)
  const columns: Column<Run>[] = [
    { name: 'run', cell: ({ runId }) => <a href={`#/run/${runId}`}>{runId}</a> },
    { name: 'state', sort: 'status', cell: ({ status }) => <Badge state={status} /> },
    { name: 'algorithm', sort: 'algorithm', cell: ({ algorithm }) => algorithm },
    ...metrics.map((metric) => ({
      name: metric,
      isNumber: true,
      sort: metric,
      cell: (run: Run) => figure(run.metrics[metric]),
    })),
    { name: 'started', sort: 'startedAt', cell: ({ startedAt }) => <Time iso={startedAt} /> },
    { name: 'took', isNumber: true, cell: ({ startedAt, finishedAt }) => between(startedAt, finishedAt) },
  ]
  return (
    <Table
      label="training runs"
      rows={rows}
      columns={columns}
      sorting={sorting}
      keyOf={({ runId }) => runId}
    />
  )
}

export function RunPage({ parts: [runId = ''] }: PageProps): JSX.Element {
  const answer = useData<RunAnswer>(`runs/${encodeURIComponent(runId)}`)
  return (
    <>
      <h1>Run {runId}</h1>
      <Show loaded={answer}>{(data) => <RunDetails answer={data} />}</Show>
    </>
  )
}

function RunDetails({
  answer: { run, epochs, version, files, flow, lines },
}: {
  answer: RunAnswer
}): JSX.Element {
  const tags = Object.entries(run.tags).map(([key, value]) => `${key}=${value}`)
  return (
    <>
      <p class="lead">
        {run.algorithm} <Badge state={run.status} />{' '}
        {version ? (
          <a href={`#/model/${version.name}/${version.version}`}>
            {version.name} v{version.version}
          </a>
        ) : (
          'not registered'
        )}
      </p>
      {run.error ? <p class="note bad">{run.error}</p> : null}
      <Card title="How">
        <Figures
          rows={[
            ['started', <Time iso={run.startedAt} />, true],
            ['took', between(run.startedAt, run.finishedAt)],
            ['lake version', run.lakeVersion],
            ['split', run.split, true],
            ['seed', run.seed],
            ...(flow
              ? [
                  [
                    'flow',
                    <a href={`#/flow/${flow.flowRunId}`}>
                      {flow.flowRunId} {flow.task}
                    </a>,
                    true,
                  ] as const,
                ]
              : []),
            ...(tags.length > 0 ? [['tags', tags.join(', '), true] as const] : []),
          ]}
        />
      </Card>
      <RunFigures metrics={run.metrics} params={run.params} />
      <Card title="Learning curves">
        <LearningCurves runs={[{ name: run.algorithm, epochs }]} />
      </Card>
      <Card title="Files">
        {files.length === 0 ? (
          <Empty>No model was written, or its files were deleted.</Empty>
        ) : (
          <Table
            label="files of the model"
            rows={files}
            keyOf={({ name }) => name}
            columns={[
              { name: 'file', cell: ({ name }) => name },
              { name: 'size', isNumber: true, cell: (file) => bytes(file.bytes) },
            ]}
          />
        )}
      </Card>
      <Card title="What it said">
        {flow ? (
          <Log label="log lines of the training" lines={lines.map(({ line }) => line)} />
        ) : (
          <Empty>Lines are kept of trainings in flows, such as `recsys retrain`.</Empty>
        )}
      </Card>
    </>
  )
}

export function StudyPage({ parts: [runId = ''] }: PageProps): JSX.Element {
  const answer = useData<Answers['study']>(`studies/${encodeURIComponent(runId)}`)
  return (
    <>
      <h1>Study {runId}</h1>
      <Show loaded={answer}>{({ study, trials }) => <Study study={study} trials={trials} />}</Show>
    </>
  )
}

const lowerIsBetter = /rmse|mae|loss/i

function Study({ study, trials }: { study: Run; trials: readonly Run[] }): JSX.Element {
  const done = trials.filter(({ metrics }) => Object.keys(metrics).length > 0)
  const names = metricNames(done.map((trial) => trial.metrics))
  const [chosen, setMetric] = useState<string | undefined>()
  const metric = chosen ?? names[0]
  if (metric === undefined) return <Empty>No trial has finished yet.</Empty>
  const isLower = lowerIsBetter.test(metric)
  const value = (trial: Run) => trial.metrics[metric] ?? Number.NaN
  const sorted = done.toSorted((a, b) => (isLower ? value(a) - value(b) : value(b) - value(a)))
  const varied = Object.keys(sorted[0]!.params).filter(
    (key) => new Set(sorted.map(({ params }) => String(params[key]))).size > 1,
  )
  const numeric = varied.filter((key) => sorted.every(({ params }) => typeof params[key] === 'number'))
  const rows = sorted.map((trial) => ({
    id: trial.runId,
    values: {
      ...Object.fromEntries(numeric.map((key) => [key, trial.params[key] as number])),
      [metric]: value(trial),
    },
  }))
  return (
    <>
      <p class="lead">
        {study.algorithm} <Badge state={study.status} /> {count(trials.length)} trials, {count(done.length)}{' '}
        of them scored
      </p>
      <Card title="Trials">
        <label class="field">
          Metric
          <select value={metric} onChange={(event) => setMetric(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <Parallel
          label={`parameters of the trials and their ${metric}; the best one is marked`}
          axes={[...numeric, metric]}
          rows={rows}
          best={sorted[0]?.runId}
        />
        <Table
          label="trials, the best first"
          rows={sorted.slice(0, 100)}
          keyOf={({ runId }) => runId}
          columns={[
            { name: 'trial', cell: ({ runId }) => <a href={`#/run/${runId}`}>{runId}</a> },
            { name: metric, isNumber: true, cell: (trial) => figure(value(trial)) },
            ...varied.map((key) => ({
              name: key,
              isNumber: true,
              cell: ({ params }: Run) => String(params[key]),
            })),
          ]}
        />
      </Card>
    </>
  )
}
