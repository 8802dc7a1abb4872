import { destination, type Logger, pino } from 'pino'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * JSON lines on stderr, one logger a thread. Writes are synchronous: a line is out before the thread can die, and at
 * `info` there are few of them (requests are logged at `debug`).
 * @param thread  `main`, or the number of a request thread
 */
export function createLog(level: LogLevel, thread: string): Logger {
  return pino({ level, base: { thread } }, destination({ fd: 2, sync: true }))
}

export type { Logger }
