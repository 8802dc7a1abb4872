import type { JSX } from 'preact'
import type { EpochPoint } from '../../../registry/types.ts'
import { LineChart } from '../line-chart.tsx'
import { Empty } from '../ui.tsx'

interface Curves {
  readonly name: string
  readonly epochs: readonly EpochPoint[]
}

/** A chart a metric, a line a run. */
export function LearningCurves({ runs }: { runs: readonly Curves[] }): JSX.Element {
  const metrics = [...new Set(runs.flatMap(({ epochs }) => epochs.map(({ metric }) => metric)))]
  if (metrics.length === 0)
    return <Empty>No epochs were written down: the algorithm has none, or the run has not come so far.</Empty>
  const last = Math.max(...runs.flatMap(({ epochs }) => epochs.map(({ epoch }) => epoch)))
  const x = Array.from({ length: last }, (_, index) => index + 1)
  return (
    <div class="grid">
      {metrics.map((metric) => (
        <div key={metric}>
          <h3>{metric}</h3>
          <LineChart
            label={`${metric} by epoch`}
            x={x}
            xName="epoch"
            series={runs.map(({ name, epochs }) => {
              const values = new Map(
                epochs.filter((point) => point.metric === metric).map(({ epoch, value }) => [epoch, value]),
              )
              return { name, values: x.map((epoch) => values.get(epoch) ?? null) }
            })}
          />
        </div>
      ))}
    </div>
  )
}
