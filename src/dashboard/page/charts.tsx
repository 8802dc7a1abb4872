import type { JSX } from 'preact'
import { figure } from './format.ts'
import { moodOf } from './ui.tsx'

/** Bars side by side, named below. */
export function Bars({
  label,
  bars,
}: {
  label: string
  bars: readonly { readonly name: string; readonly value: number }[]
}): JSX.Element {
  const most = Math.max(1e-9, ...bars.map(({ value }) => value))
  const [width, height, foot] = [600, 150, 26]
  const step = width / Math.max(1, bars.length)
  const every = Math.ceil(bars.length / 10)
  const top = bars.reduce(
    (best, bar) => (bar.value > best.value ? bar : best),
    bars[0] ?? { name: '', value: 0 },
  )
  return (
    <figure>
      <svg viewBox={`0 0 ${width} ${height + foot}`} role="img" aria-label={label}>
        {bars.map(({ name, value }, index) => (
          <g key={name}>
            <rect
              class="bar"
              x={index * step + step * 0.1}
              y={height - (value / most) * height}
              width={step * 0.8}
              height={(value / most) * height}
            >
              <title>{`${name}: ${figure(value)}`}</title>
            </rect>
            {index % every === 0 ? (
              <text
                class={(index / every) % 2 === 0 ? '' : 'extra'}
                x={(index + 0.5) * step}
                y={height + 20}
                text-anchor="middle"
              >
                {name}
              </text>
            ) : null}
          </g>
        ))}
        <line class="axis" x1="0" y1={height} x2={width} y2={height} />
      </svg>
      <figcaption>
        {bars.length === 0 ? 'Nothing to show.' : `Highest: ${top.name} with ${figure(top.value)}.`}
      </figcaption>
    </figure>
  )
}

export interface Span {
  readonly name: string
  readonly state: string
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

/** Who ran when: a row a name, a bar an attempt. */
export function Gantt({ label, spans }: { label: string; spans: readonly Span[] }): JSX.Element {
  if (spans.length === 0) return <p class="soft">No task has begun.</p>
  const names = [...new Set(spans.map(({ name }) => name))]
  const [begin, end] = [Math.min(...spans.map(({ from }) => from)), Math.max(...spans.map(({ to }) => to))]
  const [left, width, row] = [130, 700, 26]
  const scale = (width - left) / Math.max(1, end - begin)
  return (
    <section class="scroll" aria-label={label} tabIndex={0}>
      <svg
        viewBox={`0 0 ${width} ${names.length * row + 24}`}
        style={{ minWidth: '700px', maxWidth: '900px' }}
        role="img"
        aria-label={label}
      >
        {names.map((name, index) => (
          <text key={name} class="name" x="0" y={index * row + 17}>
            {name}
          </text>
        ))}
        {spans.map(({ name, state, from, to }) => (
          <rect
            key={`${name} ${from}`}
            class={`fill-${moodOf(state)}`}
            x={left + (from - begin) * scale}
            y={names.indexOf(name) * row + 4}
            width={Math.max(2, (to - from) * scale)}
            height={row - 10}
            rx="3"
          >
            <title>{`${name} ${state}, ${((to - from) / 1000).toFixed(1)} s`}</title>
          </rect>
        ))}
        <line class="axis" x1={left} y1={names.length * row + 2} x2={width} y2={names.length * row + 2} />
        <text x={left} y={names.length * row + 18}>
          0 s
        </text>
        <text
          x={width}
          y={names.length * row + 18}
          text-anchor="end"
        >{`${((end - begin) / 1000).toFixed(1)} s`}</text>
      </svg>
    </section>
  )
}

export interface GraphTask {
  readonly id: string
  readonly state: string
  readonly needs: readonly string[]
}

/** Tasks from left to right, each behind what it needs. */
export function TaskGraph({ tasks }: { tasks: readonly GraphTask[] }): JSX.Element {
  const depth = new Map<string, number>()
  for (const { id, needs } of tasks)
    depth.set(id, Math.max(-1, ...needs.map((need) => depth.get(need) ?? 0)) + 1)
  const columns = Math.max(0, ...depth.values()) + 1
  const placeOf = new Map<string, { x: number; y: number }>()
  const used: number[] = []
  const [stepX, stepY, boxWidth, boxHeight] = [170, 52, 140, 36]
  for (const { id } of tasks) {
    const column = depth.get(id)!
    used[column] = (used[column] ?? 0) + 1
    placeOf.set(id, { x: column * stepX, y: (used[column] - 1) * stepY })
  }
  const rows = Math.max(1, ...used.map((n) => n ?? 0))
  const words = tasks.map(
    ({ id, state, needs }) => `${id} ${state}${needs.length > 0 ? ` after ${needs.join(' and ')}` : ''}`,
  )
  return (
    <section class="scroll" aria-label="graph of the tasks" tabIndex={0}>
      <svg
        viewBox={`-2 -2 ${columns * stepX - stepX + boxWidth + 4} ${rows * stepY}`}
        style={{ width: `${columns * stepX - stepX + boxWidth + 4}px`, maxWidth: 'none' }}
        role="img"
        aria-label={words.join('; ')}
      >
        {tasks.flatMap(({ id, needs }) =>
          needs.map((need) => {
            const [from, to] = [placeOf.get(need), placeOf.get(id)!]
            if (!from) return null
            const [x1, y1, x2, y2] = [from.x + boxWidth, from.y + boxHeight / 2, to.x, to.y + boxHeight / 2]
            return (
              <path
                key={`${need} ${id}`}
                class="edge"
                d={`M${x1} ${y1}C${x1 + 15} ${y1} ${x2 - 15} ${y2} ${x2} ${y2}`}
              />
            )
          }),
        )}
        {tasks.map(({ id, state }) => {
          const { x, y } = placeOf.get(id)!
          return (
            <g key={id}>
              <rect class={`box ${moodOf(state)}`} x={x} y={y} width={boxWidth} height={boxHeight} rx="8" />
              <text class="name" x={x + 10} y={y + 15}>
                {id.length > 18 ? `${id.slice(0, 17)}…` : id}
              </text>
              <text x={x + 10} y={y + 29}>
                {state}
              </text>
            </g>
          )
        })}
      </svg>
    </section>
  )
}

/** A line a trial over an axis a parameter, the best one marked. */
export function Parallel(props: {
  label: string
  axes: readonly string[]
  rows: readonly { readonly id: string; readonly values: Readonly<Record<string, number | null>> }[]
  best: string | undefined
}): JSX.Element {
  const { label, axes, rows, best } = props
  const [width, height, top] = [Math.max(320, axes.length * 130), 190, 36]
  const ranges = axes.map((axis) => {
    const values = rows.flatMap(({ values: own }) => (typeof own[axis] === 'number' ? [own[axis]] : []))
    return { low: Math.min(...values), high: Math.max(...values) }
  })
  const x = (index: number) => 60 + (index * (width - 120)) / Math.max(1, axes.length - 1)
  const y = (index: number, value: number) => {
    const { low, high } = ranges[index]!
    return top + height - ((value - low) / (high - low || 1)) * height
  }
  const ordered = rows.toSorted((a, b) => Number(a.id === best) - Number(b.id === best))
  return (
    <section class="scroll" aria-label={label} tabIndex={0}>
      <svg
        viewBox={`0 0 ${width} ${height + top + 30}`}
        style={{ width: `${width}px`, maxWidth: 'none' }}
        role="img"
        aria-label={label}
      >
        {ordered.map(({ id, values }) => (
          <polyline
            key={id}
            class={id === best ? 'line best' : 'line'}
            points={axes
              .flatMap((axis, index) =>
                typeof values[axis] === 'number' ? [`${x(index)},${y(index, values[axis])}`] : [],
              )
              .join(' ')}
          />
        ))}
        {axes.map((axis, index) => (
          <g key={axis}>
            <line class="axis" x1={x(index)} y1={top} x2={x(index)} y2={top + height} />
            <text class="name" x={x(index)} y={12} text-anchor="middle">
              {axis}
            </text>
            <text x={x(index)} y={top - 6} text-anchor="middle">
              {figure(ranges[index]!.high)}
            </text>
            <text x={x(index)} y={top + height + 15} text-anchor="middle">
              {figure(ranges[index]!.low)}
            </text>
          </g>
        ))}
      </svg>
    </section>
  )
}
