import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks at a constant rate, whatever becomes of the requests before.
 * @returns latencies in milliseconds from when each request was due, ascending; failures are what was not answered with 200
 */
export async function askAtRate(
  port: number,
  perSecond: number,
  seconds: number,
  pathOf: (n: number) => string,
): Promise<{ readonly latencies: number[]; readonly failures: number }> {
  const start = performance.now()
  let failures = 0
  const latencies = await Promise.all(
    Array.from({ length: perSecond * seconds }, async (_, n) => {
      const due = start + (1000 * n) / perSecond
      await delay(Math.max(0, due - performance.now()))
      try {
        const response = await fetch(`http://127.0.0.1:${port}${pathOf(n)}`)
        await response.arrayBuffer()
        if (!response.ok) failures++
      } catch {
        failures++
      }
      return performance.now() - due
    }),
  )
  return { latencies: latencies.sort((a, b) => a - b), failures }
}
