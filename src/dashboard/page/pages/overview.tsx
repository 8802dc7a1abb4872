import type { JSX } from 'preact'
import type { LiveReport } from '../../../serving/live-report.ts'
import type { OverviewAnswer } from '../../types.ts'
import { useData } from '../api.ts'
import { between, count, figure, metricNames, percent } from '../format.ts'
import { LineChart } from '../line-chart.tsx'
import { Badge, Card, Empty, Figures, Show, Table, Time } from '../ui.tsx'
import { AuditTable } from './models.tsx'

interface Overview {
  readonly registry: OverviewAnswer
  readonly server: LiveReport | null
}

export function OverviewPage(): JSX.Element {
  const overview = useData<Overview>('overview', ['registry', 'live'])
  return (
    <>
      <h1>Overview</h1>
      <Show loaded={overview}>
        {({ registry, server }) => (
          <>
            <p class="lead">
              {registry.name}: {count(registry.counts.versions)} versions, {count(registry.counts.runs)}{' '}
              training runs, {count(registry.counts.flowRuns)} runs of flows
            </p>
            <div class="grid">
              <Production registry={registry} />
              <LastFlow registry={registry} />
            </div>
            {server ? (
              <Live server={server} />
            ) : (
              <p class="note">
                No server is attached: this is `recsys dashboard`. The page of `recsys serve` also shows
                requests, latencies and errors as they happen.
              </p>
            )}
            <Card title="Click-through by version">
              <ClickThroughTable registry={registry} />
            </Card>
            <Card title="Last decisions">
              <AuditTable entries={registry.history} />
            </Card>
          </>
        )}
      </Show>
    </>
  )
}

function Production({ registry }: { registry: OverviewAnswer }): JSX.Element {
  const { production, staging, trial, name } = registry
  if (production === null)
    return (
      <Card title="In production">
        <Empty>
          Nothing yet: `recsys promote`, or the button on the page of a version. A server gives popular items
          meanwhile.
        </Empty>
      </Card>
    )
  const metrics = metricNames([production.metrics]).slice(0, 4)
  return (
    <Card title="In production">
      <Figures
        rows={[
          ['version', <a href={`#/model/${name}/${production.version}`}>v{production.version}</a>],
          ['algorithm', production.algorithm],
          ...metrics.map((metric) => [metric, figure(production.metrics[metric])] as const),
        ]}
      />
      <p class="small soft">
        {staging ? <>v{staging.version} is in staging. </> : null}
        {trial ? (
          <>
            v{trial.version} is on trial ({trial.mode}, {percent(trial.share, 0)}).
          </>
        ) : null}
      </p>
    </Card>
  )
}

function LastFlow({ registry }: { registry: OverviewAnswer }): JSX.Element {
  const flow = registry.lastFlow
  if (flow === null)
    return (
      <Card title="Last retraining">
        <Empty>No flow has run: `recsys retrain`, or by itself with `recsys schedule add`.</Empty>
      </Card>
    )
  return (
    <Card title="Last flow">
      <Figures
        rows={[
          ['flow', <a href={`#/flow/${flow.flowRunId}`}>{flow.flow}</a>],
          ['state', <Badge state={flow.state} />],
          ['took', between(flow.startedAt, flow.finishedAt)],
          ['started', <Time iso={flow.startedAt} />, true],
        ]}
      />
      {flow.message ? <p class="small">{flow.message}</p> : null}
    </Card>
  )
}

function Live({ server }: { server: LiveReport }): JSX.Element {
  const { seconds, status, cache, versions } = server
  const x = seconds.map(({ at }) => Date.parse(at) / 1000)
  const last = seconds.at(-1)
  const lookups = cache.hits + cache.misses
  const { model, reloads, failure } = status
  return (
    <>
      <Card title="Now">
        <Figures
          rows={[
            [
              'in service',
              model === null ? 'nothing yet' : model.version === null ? 'popular items' : `v${model.version}`,
            ],
            ['answers a second', count(last?.answers ?? 0)],
            ['p50, ms', figure(last?.p50Ms)],
            ['p95, ms', figure(last?.p95Ms)],
            ['p99, ms', figure(last?.p99Ms)],
            ['errors a second', count(last?.errors ?? 0)],
            ['from the cache', lookups === 0 ? '–' : percent(cache.hits / lookups)],
            ['reloads', `${reloads.swapped} done, ${reloads.failed} failed`, true],
            ['request threads', count(status.nThreads)],
          ]}
        />
        {failure ? (
          <p class="note bad">
            The last attempt to change over failed: {failure.message}. {failure.remedy}
          </p>
        ) : null}
      </Card>
      <div class="grid">
        <Card title="Answers a second">
          <LineChart
            label="answers and errors a second over the last ten minutes"
            x={x}
            xName="time"
            isTime={true}
            fromZero={true}
            series={[
              { name: 'answers', values: seconds.map(({ answers }) => answers) },
              { name: 'errors', values: seconds.map(({ errors }) => errors) },
            ]}
          />
        </Card>
        <Card title="Latency, ms">
          <LineChart
            label="percentiles of latency over the last ten minutes"
            x={x}
            xName="time"
            isTime={true}
            fromZero={true}
            unit="ms"
            series={[
              { name: 'p50', values: seconds.map(({ p50Ms }) => p50Ms) },
              { name: 'p95', values: seconds.map(({ p95Ms }) => p95Ms) },
              { name: 'p99', values: seconds.map(({ p99Ms }) => p99Ms) },
            ]}
          />
        </Card>
      </div>
      <Card title="Versions in service of late">
        {versions.length === 0 ? (
          <Empty>No version has answered yet.</Empty>
        ) : (
          <Table
            label="versions in service"
            rows={versions}
            keyOf={({ version }) => version}
            columns={[
              { name: 'version', cell: ({ version }) => `v${version}` },
              { name: 'answers', isNumber: true, cell: ({ answers }) => count(answers) },
              { name: 'errors', isNumber: true, cell: ({ errorRate }) => percent(errorRate) },
              { name: 'p50, ms', isNumber: true, cell: ({ p50Ms }) => figure(p50Ms) },
              { name: 'p95, ms', isNumber: true, cell: ({ p95Ms }) => figure(p95Ms) },
              { name: 'click-through', isNumber: true, cell: ({ clickThrough }) => percent(clickThrough, 2) },
            ]}
          />
        )}
      </Card>
    </>
  )
}

function ClickThroughTable({ registry }: { registry: OverviewAnswer }): JSX.Element {
  const rows = registry.clickThrough
  if (rows.length === 0)
    return (
      <Empty>No server has given recommendations yet, or none of the newest versions was in service.</Empty>
    )
  return (
    <Table
      label="click-through by version"
      rows={rows}
      keyOf={({ version }) => version}
      columns={[
        {
          name: 'version',
          cell: ({ version }) => <a href={`#/model/${registry.name}/${version}`}>v{version}</a>,
        },
        { name: 'recommendations', isNumber: true, cell: ({ recommendations }) => count(recommendations) },
        { name: 'clicks', isNumber: true, cell: ({ clicks }) => count(clicks) },
        { name: 'click-through', isNumber: true, cell: ({ clickThrough }) => percent(clickThrough, 2) },
      ]}
    />
  )
}
