import type { JSX } from 'preact'
import type { DataAnswer } from '../../types.ts'
import { useData } from '../api.ts'
import { Bars } from '../charts.tsx'
import { bytes, count, figure, percent } from '../format.ts'
import { LineChart } from '../line-chart.tsx'
import { Card, Empty, Figures, Show, Table, Time } from '../ui.tsx'

export function DataPage(): JSX.Element {
  const data = useData<DataAnswer>('data', ['data'])
  return (
    <>
      <h1>Data</h1>
      <Show loaded={data}>
        {(answer) =>
          answer.tables.length === 0 ? (
            <Empty>
              No tables. `recsys init-tables` makes them, from ratings files or with a generated sample.
            </Empty>
          ) : (
            <>
              <Shapes answer={answer} />
              {answer.tables.map(({ table, versions }) => (
                <TableCard key={table} table={table} versions={versions} />
              ))}
              <Rejects answer={answer} />
            </>
          )
        }
      </Show>
    </>
  )
}

function Shapes({ answer: { shapes, drift } }: { answer: DataAnswer }): JSX.Element | null {
  if (shapes === null) return null
  const { rows, users, items, ratings, popularity, months } = shapes
  const head = popularity.slice(0, 4).reduce((sum, share) => sum + share, 0)
  return (
    <>
      <Card title="Interactions">
        <Figures
          rows={[
            ['version', shapes.version],
            ['rows', count(rows)],
            ['users', count(users)],
            ['items', count(items)],
            ['density', percent(rows / Math.max(1, users * items), 2)],
            [
              'rows since the last training',
              drift?.interactions ? count(drift.interactions.now - drift.interactions.trained) : '–',
            ],
            ['events since', count(drift?.events ?? 0)],
            [
              'drift of popularity, PSI',
              drift?.psi.popularity == null ? 'too few events' : figure(drift.psi.popularity),
              drift?.psi.popularity == null,
            ],
          ]}
        />
      </Card>
      <div class="grid">
        <Card title="Ratings">
          <Bars
            label="rows by rating"
            bars={ratings.map((bar) => ({ name: figure(bar.rating), value: bar.rows }))}
          />
        </Card>
        <Card title="Popularity">
          <Bars
            label="share of the interactions by twentieths of the items, the most popular first"
            bars={popularity.map((share, index) => ({ name: `${5 * (index + 1)} %`, value: share }))}
          />
          <p class="small soft">
            The most popular fifth of the items has {percent(head)} of the interactions.
          </p>
        </Card>
      </div>
      {months.length < 2 ? null : (
        <Card title="Interactions a month">
          <Bars
            label="interactions a month"
            bars={months.map(({ month, rows: n }) => ({ name: month, value: n }))}
          />
        </Card>
      )}
    </>
  )
}

function TableCard({ table, versions }: DataAnswer['tables'][number]): JSX.Element {
  const counted = versions.filter(({ rows, at }) => rows !== null && at !== null).toReversed()
  return (
    <Card title={table}>
      {counted.length < 2 ? null : (
        <LineChart
          label={`rows of ${table} over time`}
          xName="time"
          isTime={true}
          fromZero={true}
          x={counted.map(({ at }) => Date.parse(at!) / 1000)}
          series={[{ name: 'rows', values: counted.map(({ rows }) => rows) }]}
        />
      )}
      <Table
        label={`versions of ${table}`}
        rows={versions.slice(0, 50)}
        keyOf={({ version }) => version}
        columns={[
          { name: 'version', isNumber: true, cell: ({ version }) => version },
          { name: 'when', cell: ({ at }) => <Time iso={at} /> },
          { name: 'operation', cell: ({ operation }) => operation },
          { name: 'rows', isNumber: true, cell: ({ rows }) => (rows === null ? '–' : count(rows)) },
          {
            name: 'rows written',
            isNumber: true,
            cell: ({ rowsAdded }) => (rowsAdded === null ? '–' : count(rowsAdded)),
          },
          {
            name: 'files',
            isNumber: true,
            cell: ({ filesAdded, filesRemoved }) => `+${filesAdded} −${filesRemoved}`,
          },
        ]}
      />
    </Card>
  )
}

function Rejects({ answer: { rejects } }: { answer: DataAnswer }): JSX.Element {
  const rows = rejects.flatMap((file) => file.reasons.map((reason) => ({ ...file, ...reason })))
  return (
    <Card title="Rows that were set aside">
      {rows.length === 0 ? (
        <Empty>None: every row that was imported could be right.</Empty>
      ) : (
        <Table
          label="rows that were set aside"
          rows={rows}
          keyOf={({ file, reason }) => `${file} ${reason}`}
          columns={[
            { name: 'when', cell: ({ at }) => <Time iso={at} /> },
            { name: 'rows', isNumber: true, cell: (row) => count(row.rows) },
            { name: 'reason', isWide: true, cell: ({ reason }) => reason },
            { name: 'example', isWide: true, cell: ({ example }) => <code>{example}</code> },
            { name: 'file', cell: ({ file, bytes: size }) => `${file} (${bytes(size)})` },
          ]}
        />
      )}
    </Card>
  )
}
