import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Answers, LoadTestSummary } from '../../types.ts'
import { useData } from '../api.ts'
import { figure } from '../format.ts'
import { LineChart } from '../line-chart.tsx'
import { Badge, Card, type Column, Empty, Show, Table, Time } from '../ui.tsx'

export function LoadTestsPage(): JSX.Element {
  const answer = useData<Answers['load-tests']>('load-tests')
  return (
    <>
      <h1>Load tests</h1>
      <Show loaded={answer}>
        {({ tests }) =>
          tests.length === 0 ? (
            <Empty>
              None was attached to a version: `recsys loadtest --attach 1` keeps its result here, and a guard
              of `recsys promote` can ask for it.
            </Empty>
          ) : (
            <Tests tests={tests} />
          )
        }
      </Show>
    </>
  )
}

const figures = [
  'requestsPerSecond',
  'successPercent',
  'p50LatencyMs',
  'p95LatencyMs',
  'p99LatencyMs',
  'users',
] as const

function Tests({ tests }: { tests: readonly LoadTestSummary[] }): JSX.Element {
  const [chosen, setChosen] = useState(0)
  const test = tests[chosen] ?? tests[0]!
  const oldestFirst = tests.toReversed()
  const columns: Column<LoadTestSummary>[] = [
    { name: 'when', cell: ({ at }) => <Time iso={at} /> },
    {
      name: 'version',
      cell: ({ name, version }) => (
        <a href={`#/model/${name}/${version}`}>
          {name} v{version}
        </a>
      ),
    },
    ...figures.map((name) => ({
      name: columnName(name),
      isNumber: true,
      cell: (each: LoadTestSummary) => figure(each.figures[name]),
    })),
    {
      name: 'goals',
      cell: ({ goals }) => <Badge state={goals.every(({ met }) => met) ? 'met' : 'missed'} />,
    },
  ]
  return (
    <>
      {tests.length < 2 ? null : (
        <Card title="Percentiles over time">
          <LineChart
            label="percentiles of latency of the load tests"
            xName="when"
            isTime={true}
            fromZero={true}
            unit="ms"
            x={oldestFirst.map(({ at }) => Date.parse(at) / 1000)}
            series={(['p50LatencyMs', 'p95LatencyMs', 'p99LatencyMs'] as const).map((name) => ({
              name: columnName(name),
              values: oldestFirst.map((each) => each.figures[name] ?? null),
            }))}
          />
        </Card>
      )}
      <Card title="History">
        <Table
          label="load tests"
          rows={tests}
          columns={columns}
          keyOf={({ at, version }) => `${at} ${version}`}
        />
      </Card>
      <Card title="One of them">
        <label class="field">
          Load test
          <select value={chosen} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
            {tests.map(({ at, name, version }, index) => (
              <option key={at} value={index}>
                {at.slice(0, 16).replace('T', ' ')} {name} v{version}
              </option>
            ))}
          </select>
        </label>
        <p class="soft small">{test.url}</p>
        {test.goals.length === 0 ? <Empty>No goals were set.</Empty> : null}
        <ul>
          {test.goals.map(({ goal, met }) => (
            <li key={goal}>
              {goal} <Badge state={met ? 'met' : 'missed'} />
            </li>
          ))}
        </ul>
        <div class="grid">
          <LineChart
            label="requests a second during the load test"
            x={test.seconds.map(({ second }) => second)}
            xName="second"
            fromZero={true}
            series={[
              {
                name: 'requests a second',
                values: test.seconds.map(({ requestsPerSecond }) => requestsPerSecond),
              },
            ]}
          />
          <LineChart
            label="latency during the load test"
            x={test.seconds.map(({ second }) => second)}
            xName="second"
            fromZero={true}
            unit="ms"
            series={[
              { name: 'p50', values: test.seconds.map(({ p50Ms }) => p50Ms) },
              { name: 'p95', values: test.seconds.map(({ p95Ms }) => p95Ms) },
            ]}
          />
        </div>
      </Card>
    </>
  )
}

function columnName(figureName: string): string {
  const names: Readonly<Record<string, string>> = {
    requestsPerSecond: 'requests/s',
    successPercent: 'success, %',
  }
  return names[figureName] ?? figureName.replace('LatencyMs', ', ms')
}
