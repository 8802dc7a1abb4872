import { randomInt } from 'node:crypto'

const digits = 36

/** Seconds in seven digits of base 36, five random ones after them: 12 characters that sort by time. */
export function newRunId(now: Date = new Date()): string {
  const seconds = Math.floor(now.getTime() / 1000)
  const time = seconds.toString(digits).padStart(7, '0')
  return (
    time +
    randomInt(digits ** 5)
      .toString(digits)
      .padStart(5, '0')
  )
}
