import type { ModelTrial } from '../registry/types.ts'
import { showTime } from './registry-text.ts'

export function trialText({ name, version, mode, share, startedAt }: ModelTrial): string {
  const percent = `${Number((100 * share).toPrecision(3))} %`
  const how =
    mode === 'canary' ? `answers ${percent} of the users` : `is asked ${percent} of the requests too`
  return `${name} v${version} ${how}, since ${showTime(startedAt)} (UTC)`
}
