import type { JSX } from 'preact'
import type { MetricValues, ParamValues } from '../../../registry/types.ts'
import { figure, metricNames } from '../format.ts'
import { Card, Empty, Figures } from '../ui.tsx'

/** What came of a run, beside what it was told. */
export function RunFigures({ metrics, params }: { metrics: MetricValues; params: ParamValues }): JSX.Element {
  return (
    <div class="grid">
      <Card title="Metrics">
        {Object.keys(metrics).length === 0 ? (
          <Empty>None yet.</Empty>
        ) : (
          <Figures
            rows={metricNames([metrics]).map((metric) => [metric, figure(metrics[metric]), true] as const)}
          />
        )}
      </Card>
      <Card title="Parameters">
        <Figures rows={Object.entries(params).map(([key, value]) => [key, String(value), true] as const)} />
      </Card>
    </div>
  )
}
