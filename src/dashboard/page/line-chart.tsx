import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { figure, time } from './format.ts'

export interface Series {
  readonly name: string
  readonly values: readonly (number | null)[]
}

export interface LineChartProps {
  readonly label: string
  /** Seconds since 1970 where `isTime`. */
  readonly x: readonly number[]
  readonly xName: string
  readonly isTime?: boolean
  readonly series: readonly Series[]
  readonly unit?: string
  /** Whether the axis begins at zero. */
  readonly fromZero?: boolean
}

const height = 190
const colours = ['--accent', '--second', '--third', '--bad']

/** Lines over time or epochs, with the values below the pointer, and the last ones in words. */
export function LineChart(props: LineChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | undefined>(undefined)
  const data = [props.x, ...props.series.map(({ values }) => values)] as unknown as uPlot.AlignedData
  const shape = `${props.xName} ${props.series.map(({ name }) => name).join()}`
  useEffect(() => {
    const make = () => {
      chart.current?.destroy()
      if (place.current)
        chart.current = new uPlot(options(props, place.current.clientWidth), data, place.current)
    }
    make()
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0)
      if (width > 0 && chart.current && chart.current.width !== width)
        chart.current.setSize({ width, height })
    })
    if (place.current) observer.observe(place.current)
    dark.addEventListener('change', make)
    return () => {
      observer.disconnect()
      dark.removeEventListener('change', make)
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [shape])
  useEffect(() => chart.current?.setData(data), [props.x, props.series])
  const last = props.series.map(
    ({ name, values }) => `${name} ${figure(values.findLast((value) => value !== null))}`,
  )
  return (
    <figure aria-label={props.label}>
      <div ref={place} />
      <figcaption>
        {props.x.length === 0
          ? 'Nothing was measured yet.'
          : `Last: ${last.join(', ')}${props.unit ? ` ${props.unit}` : ''}.`}
      </figcaption>
    </figure>
  )
}

function options({ xName, isTime, series, fromZero }: LineChartProps, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--edge'), width: 1 },
    ticks: { show: false },
  }
  return {
    ...{ width: Math.max(200, width), height, cursor: { y: false }, legend: { live: true } },
    scales: {
      x: { time: isTime === true },
      y: fromZero ? { range: (_, __, max) => [0, Math.max(max * 1.1, 1e-9)] } : {},
    },
    axes: [
      isTime ? { ...axis, space: 90, values: (_, at) => timeLabels(at) } : { ...axis, space: 50 },
      { ...axis, size: 56, values: (_, values) => values.map((value) => figure(value)) },
    ],
    series: [
      {
        label: xName,
        ...(isTime
          ? {
              value: (_: uPlot, at: number | null) =>
                at === null ? '–' : time(new Date(1000 * at).toISOString()),
            }
          : {}),
      },
      ...series.map(({ name }, index) => ({
        ...{ label: name, stroke: colour(colours[index % colours.length]!), width: 1.5, spanGaps: true },
        ...{ points: { show: series[0]!.values.length < 40 } },
        value: (_: uPlot, value: number | null) => figure(value),
      })),
    ],
  }
}

/** Seconds, minutes or days, by how far the labels lie apart. */
function timeLabels(seconds: readonly number[]): string[] {
  const step = (seconds[1] ?? 0) - (seconds[0] ?? 0)
  const options: Intl.DateTimeFormatOptions =
    step >= 86_400
      ? { day: 'numeric', month: 'short' }
      : { hour: '2-digit', minute: '2-digit', ...(step < 60 ? { second: '2-digit' } : {}) }
  const format = new Intl.DateTimeFormat('en-GB', options)
  return seconds.map((at) => format.format(new Date(1000 * at)))
}
