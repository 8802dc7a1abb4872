import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { GeneratorHealth, OpenModelReport } from './types.ts'

const loopProbeMs = 10

/** From here on a generator says more about itself than about the server. */
const limits = { utilization: 0.95, loopDelayMs: 100, latenessMs: 25, sentShare: 0.995 }

/** How a thread's event loop kept up. */
export type LoopHealth = Pick<GeneratorHealth, 'loopDelayP99Ms' | 'utilization'>

/** Watches this thread's event loop from now on. @returns what is known at the end */
export function watchLoop(): () => LoopHealth {
  const delay = monitorEventLoopDelay({ resolution: loopProbeMs })
  const loopAtStart = performance.eventLoopUtilization()
  delay.enable()
  return () => {
    delay.disable()
    return {
      // What the monitor calls delay is the whole distance between two probes.
      loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - loopProbeMs),
      utilization: performance.eventLoopUtilization(loopAtStart).utilization,
    }
  }
}

/** Watches the processor time of all threads. @returns what is known at the end */
export function watchGenerator(): (
  elapsedMs: number,
  loop: LoopHealth,
  open: OpenModelReport | null,
) => GeneratorHealth {
  const cpuAtStart = process.cpuUsage()
  return (elapsedMs, loop, open) => {
    const { user, system } = process.cpuUsage(cpuAtStart)
    const reasons = reasonsAgainst(loop, open)
    return { cpuPercent: (user + system) / 10 / elapsedMs, ...loop, valid: reasons.length === 0, reasons }
  }
}

/** Why the figures are the generator's rather than the server's. */
export function reasonsAgainst(
  { loopDelayP99Ms, utilization }: LoopHealth,
  open: OpenModelReport | null,
): string[] {
  const reasons: string[] = []
  if (utilization >= limits.utilization) {
    reasons.push(`its event loop was busy for ${(100 * utilization).toFixed(0)} % of the time`)
  }
  if (loopDelayP99Ms >= limits.loopDelayMs) {
    reasons.push(`its event loop was ${loopDelayP99Ms.toFixed(0)} ms late at the 99th percentile`)
  }
  if (open === null) return reasons
  const { planned, begun, latenessMs } = open
  if (begun < limits.sentShare * planned) reasons.push(`it began ${begun} of ${planned} arrivals`)
  if (latenessMs !== null && latenessMs.p99 >= limits.latenessMs) {
    reasons.push(`it sent ${latenessMs.p99.toFixed(0)} ms late at the 99th percentile`)
  }
  return reasons
}
