import { gainOver, type MetricChoice, type MinimumGain } from './metric-order.ts'

export interface DecisionInput {
  readonly metric: MetricChoice
  readonly minGain: MinimumGain
  readonly challenger: number
  /** undefined when the stage is empty, or when the version there cannot be read. */
  readonly champion: number | undefined
  /** What a challenger without a champion has to beat. */
  readonly popularity: number
}

export interface Decision {
  readonly better: boolean
  readonly gain: number
  /** In the metric's own unit. */
  readonly neededGain: number
  readonly against: 'champion' | 'popularity'
  readonly reason: string
}

/**
 * Better than the champion by the minimum gain; without a champion, better than popularity. Equal is not better, and a
 * figure that is missing never is.
 */
export function decide({ metric, minGain, challenger, champion, popularity }: DecisionInput): Decision {
  const against = champion === undefined ? 'popularity' : 'champion'
  const reference = champion ?? popularity
  const gain = gainOver(reference, challenger, metric)
  const asked = champion === undefined ? 0 : minGain.value
  const neededGain = minGain.relative ? asked * Math.abs(reference) : asked
  const better = gain > 0 && gain >= neededGain
  return {
    better,
    gain,
    neededGain,
    against,
    reason: wording({ better, gain, neededGain, against }, metric.metric),
  }
}

function wording(outcome: Omit<Decision, 'reason'>, metric: string): string {
  const { better, gain, neededGain, against } = outcome
  const rival = against === 'champion' ? 'the champion' : 'popularity'
  const difference = `${metric} ${Math.abs(gain).toFixed(5)} ${gain > 0 ? 'better' : 'worse'} than ${rival}`
  if (Number.isNaN(gain)) return `${metric} cannot be compared with ${rival}`
  const said = gain === 0 ? `${metric} equal to ${rival}` : difference
  return better || gain <= 0 ? said : `${said}, ${neededGain.toFixed(5)} needed`
}
