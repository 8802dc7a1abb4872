import { k6Script } from './k6-script.ts'
import { locustScript } from './locust-script.ts'
import { planScript } from './script-plan.ts'
import type { Exported, ExportOptions, ExportTool } from './types.ts'

const writers = { k6: k6Script, locust: locustScript }

/**
 * The scenario as a script of another engine: same weights, feeds, requests, checks, carried values and think times, and
 * goals as thresholds. Random numbers are that engine's own.
 * @throws RECSYS_SCENARIO_NOT_EXPORTABLE for a module whose requests or checks are functions
 */
export function exportScenario(tool: ExportTool, options: ExportOptions): Exported {
  const { plan, files } = planScript(options)
  return { script: writers[tool](plan, options), files }
}
