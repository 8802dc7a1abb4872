import type { ScheduleList } from '../pipeline/schedules.ts'
import type { WebhookList } from '../pipeline/webhooks.ts'
import type { Schedule } from '../registry/schedule-types.ts'
import { printable, showTime } from './registry-text.ts'
import { renderTable } from './table.ts'

/** `nightly: recsys retrain, "0 3 * * *" in Europe/Berlin, next at …` */
export function scheduleText(schedule: Schedule): string {
  const { name, cron, timeZone, command, condition } = schedule
  const when = condition === null ? '' : ` when ${condition}`
  return `${name}: recsys ${printable(command.join(' '))}, "${cron}" in ${timeZone}${when}, ${nextText(schedule)}`
}

function nextText({ pausedAt, nextDueAt, timeZone }: Schedule): string {
  if (pausedAt !== null) return 'paused'
  return nextDueAt === null
    ? 'never again'
    : `next at ${localTime(nextDueAt, timeZone)} (${showTime(nextDueAt)} UTC)`
}

function localTime(iso: string, timeZone: string): string {
  return new Date(iso).toLocaleString('sv-SE', { timeZone })
}

export function scheduleTables({ schedules, firings }: ScheduleList): string {
  if (schedules.length === 0) return 'No schedules. Add one with `recsys schedule add "0 3 * * *" retrain`.'
  const rows = schedules.map((schedule) => [
    schedule.name,
    schedule.cron,
    schedule.timeZone,
    printable(schedule.command.join(' ')),
    schedule.condition ?? '',
    `${schedule.missed} / ${schedule.overlap}`,
    nextText(schedule),
  ])
  const past = firings.map(({ schedule, dueAt, outcome, flowRunId, note }) => [
    schedule,
    showTime(dueAt),
    outcome,
    flowRunId ?? '',
    note === null ? '' : printable(note, 100),
  ])
  return [
    renderTable(['schedule', 'times', 'zone', 'runs', 'only when', 'missed / overlap', 'next'], rows),
    ...(past.length === 0
      ? []
      : [renderTable(['schedule', 'due (UTC)', 'outcome', 'flow run', 'note'], past)]),
  ].join('\n')
}

export function webhookTables({ webhooks, deliveries }: WebhookList): string {
  if (webhooks.length === 0) return 'No webhooks. Add one with `recsys webhooks add URL`.'
  const rows = webhooks.map(({ id, url, events, createdAt }) => [
    id,
    printable(url),
    events.join(', '),
    showTime(createdAt),
  ])
  const past = deliveries.map(
    ({ createdAt, event, url, attempts, deliveredAt, nextAttemptAt, lastError }) => [
      showTime(createdAt),
      event,
      printable(url),
      attempts,
      deliveredAt !== null
        ? 'delivered'
        : nextAttemptAt === null
          ? 'given up'
          : `again at ${showTime(nextAttemptAt)}`,
      lastError === null ? '' : printable(lastError, 100),
    ],
  )
  return [
    renderTable(['webhook', 'url', 'told of', 'created (UTC)'], rows),
    ...(past.length === 0
      ? []
      : [renderTable(['sent (UTC)', 'about', 'to', 'attempts', 'state', 'error'], past)]),
  ].join('\n')
}
