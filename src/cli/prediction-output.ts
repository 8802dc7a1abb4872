import type { Prediction, PredictionReport } from '../pipeline/predict.ts'
import { printable } from './registry-text.ts'
import { renderTable } from './table.ts'

/** Nine of ten ratings of a normal distribution lie so many standard deviations around its mean. */
const nineOfTen = 1.6449

const mostRows = 50

const basisText = { 'user and item': '', item: 'the item alone', user: 'the user alone', mean: 'the mean' }

/** A table of at most `mostRows` predictions. */
export function predictionTable({
  name,
  version,
  algorithm,
  runId,
  ratingRange,
  predictions,
}: PredictionReport): string {
  const shown = predictions.slice(0, mostRows)
  const hasDeviation = shown.some(({ deviation }) => deviation !== null)
  const isPlain = shown.every(({ basis }) => basis === 'user and item')
  const columns = ['user', 'item', 'title', 'rating']
  if (hasDeviation) columns.push('±', '9 of 10 within')
  if (!isPlain) columns.push('known is')
  const rows = shown.map((prediction) => {
    const { userId, itemId, title, rating, deviation, basis } = prediction
    const row = [printable(userId), printable(itemId), title === null ? '' : printable(title), rating]
    if (hasDeviation) row.push(deviation ?? '', rangeText(prediction, ratingRange))
    if (!isPlain) row.push(basisText[basis])
    return row
  })
  const more = predictions.length - shown.length
  return [
    `${name} v${version}: ${algorithm}, run ${runId}, ratings from ${ratingRange[0]} to ${ratingRange[1]}`,
    renderTable(columns, rows),
    ...(more > 0 ? [`and ${more.toLocaleString('en-US')} more: --csv or --json prints all`] : []),
  ].join('\n')
}

function rangeText({ rating, deviation }: Prediction, [min, max]: readonly [number, number]): string {
  if (deviation === null) return ''
  const [low, high] = [rating - nineOfTen * deviation, rating + nineOfTen * deviation]
  return `${Math.max(min, low).toFixed(1)} to ${Math.min(max, high).toFixed(1)}`
}

/** RFC 4180 with a header line; empty where there is no deviation. */
export function predictionCsv({ predictions }: PredictionReport): string {
  const lines = predictions.map(({ userId, itemId, rating, deviation, basis }) =>
    [quoted(userId), quoted(itemId), rating, deviation ?? '', basis].join(','),
  )
  return ['user_id,item_id,rating,deviation,basis', ...lines].join('\n')
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
