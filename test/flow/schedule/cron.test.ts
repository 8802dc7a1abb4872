import { expect, test } from 'vitest'
import { dueUpTo, nextDue } from '../../../src/flow/schedule/cron.ts'

const berlin = (cron: string) => ({ cron, timeZone: 'Europe/Berlin' })

/** The first due times after a moment. */
function due(cron: string, after: string, n: number): string[] {
  const times: string[] = []
  let at = new Date(after)
  for (let i = 0; i < n; i++) {
    at = nextDue(berlin(cron), at)!
    times.push(at.toISOString().slice(0, 16))
  }
  return times
}

test('three in the morning stays three in the morning over both changes of the clock', () => {
  expect(due('0 3 * * *', '2026-10-24T00:00:00Z', 3)).toEqual([
    '2026-10-24T01:00',
    '2026-10-25T02:00',
    '2026-10-26T02:00',
  ])
  expect(due('0 3 * * *', '2027-03-27T00:00:00Z', 3)).toEqual([
    '2027-03-27T02:00',
    '2027-03-28T01:00',
    '2027-03-29T01:00',
  ])
})

test('a time that the clock skips in spring is due when it has jumped, one that comes twice in autumn is due once', () => {
  expect(due('30 2 * * *', '2027-03-27T12:00:00Z', 2)).toEqual(['2027-03-28T01:00', '2027-03-29T00:30'])
  expect(due('30 2 * * *', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
})

test('every hour is every hour that passes, 25 on one day and 23 on another', () => {
  const hours = (from: string, to: string) =>
    dueUpTo(berlin('0 * * * *'), new Date(from), new Date(to)).length
  expect(hours('2026-10-24T22:00:00Z', '2026-10-25T22:59:00Z')).toBe(25)
  expect(hours('2027-03-27T23:00:00Z', '2027-03-28T21:59:00Z')).toBe(23)
})

test.each([
  ['61 * * * *', 'UTC', 'the times are "61 * * * *"'],
  ['soon', 'UTC', 'the times are "soon"'],
  ['0 3 * * *', 'Mars/Olympus', '--tz is "Mars/Olympus"'],
])('times or a zone that are none are refused: %s in %s', (cron, timeZone, message) => {
  expect(() => nextDue({ cron, timeZone }, new Date())).toThrow(
    expect.objectContaining({ code: 'RECSYS_USAGE', message: expect.stringContaining(message) }),
  )
})

test('times that never come are never due', () => {
  expect(nextDue(berlin('0 0 30 2 *'), new Date())).toBeNull()
})
