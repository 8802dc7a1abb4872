import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import type { TrainReport } from '../../src/pipeline/train.ts'

/**
 * Whole commands, from a CSV file to a registered model (als of 64 factors, 10 epochs), at 1, 10 and 25 million interactions
 * of `synthetic.ts`: where the time goes, the peak memory of the process, and how the time of each stage grows against the
 * first size (1 is as fast an interaction). `--sizes 1e6,1e7` chooses, `--smoke` only shows that all runs.
 */
const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '1e6,1e7,25e6' },
    factors: { type: 'string', default: '64' },
    epochs: { type: 'string', default: '10' },
  },
})
const sizes = flags.smoke ? [3e3, 6e3] : flags.sizes.split(',').map(Number)
const settings = flags.smoke ? ['8', '2'] : [flags.factors, flags.epochs]
const [factors, epochs] = settings as [string, string]
const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const generator = fileURLToPath(new URL('synthetic.ts', import.meta.url))
/** Every process says at its end how much memory it had at most, in kB. */
const peakProbe =
  'data:text/javascript,process.on("exit",()=>console.error("peakKb="+process.resourceUsage().maxRSS))'

interface Outcome {
  readonly importSeconds: number
  readonly importPeakMb: number
  readonly trainSeconds: number
  readonly trainPeakMb: number
  readonly report: TrainReport
}

const stages = ['read', 'index', 'fit', 'evaluate', 'write'] as const
const outcomes = sizes.map(runSize)
console.log(renderTable(timeColumns(), outcomes.map(timeRow)))
console.log(renderTable(['interactions', 'import', ...stages, 'whole training'], outcomes.map(growthRow)))
console.log(
  `als, ${factors} factors, ${epochs} epochs; share is that of reading and indexing in the whole training;`,
)
console.log(`the second table: time an interaction, divided by that of ${rowsOf(outcomes[0]!)} interactions`)

function runSize(nInteractions: number): Outcome {
  const work = mkdtempSync(join(tmpdir(), 'recsys-bench-'))
  try {
    const nUsers = Math.ceil(nInteractions / 145)
    const nItems = Math.max(100, Math.min(27_000, Math.ceil(nInteractions / 900)))
    const size = ['--users', nUsers, '--items', nItems, '--interactions', nInteractions].map(String)
    run([generator, ...size, '--csv', '--to', work])
    const place = ['--data-dir', join(work, 'data'), '--json', '--quiet']
    const imported = run([program, 'init-tables', '--from', join(work, 'pairs.csv'), ...place])
    const algorithm = ['--algo', 'als', '--factors', factors, '--epochs', epochs, '--solver', 'auto']
    const trained = run([program, 'train', ...algorithm, ...place])
    return {
      importSeconds: imported.seconds,
      importPeakMb: imported.peakMb,
      trainSeconds: trained.seconds,
      trainPeakMb: trained.peakMb,
      report: JSON.parse(trained.output) as TrainReport,
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function run(args: readonly string[]) {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', peakProbe, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  const peakMb = Number(/peakKb=(\d+)/.exec(stderr)?.[1]) / 1000
  return { seconds: (performance.now() - start) / 1000, peakMb, output: stdout }
}

function rowsOf({ report }: Outcome): number {
  return report.nTrainRows + report.nHeldOutRows
}

function timeColumns(): string[] {
  return [
    'interactions',
    'import s',
    'MB',
    ...stages.map((stage) => `${stage} s`),
    'training s',
    'share',
    'MB',
  ]
}

function timeRow(outcome: Outcome) {
  const { durationsMs } = outcome.report
  const share = (durationsMs.read! + durationsMs.index!) / 1000 / outcome.trainSeconds
  return [
    ...[rowsOf(outcome), outcome.importSeconds, Math.round(outcome.importPeakMb)],
    ...stages.map((stage) => durationsMs[stage]! / 1000),
    ...[outcome.trainSeconds, `${(100 * share).toFixed(0)} %`, Math.round(outcome.trainPeakMb)],
  ]
}

function growthRow(outcome: Outcome) {
  const [first] = outcomes as [Outcome]
  const scale = rowsOf(first) / rowsOf(outcome)
  const stage = (name: string) => ratio(outcome.report.durationsMs[name]!, first.report.durationsMs[name]!)
  const ratio = (own: number, other: number) => ((scale * own) / Math.max(1e-9, other)).toFixed(2)
  return [
    rowsOf(outcome),
    ratio(outcome.importSeconds, first.importSeconds),
    ...stages.map(stage),
    ratio(outcome.trainSeconds, first.trainSeconds),
  ]
}
