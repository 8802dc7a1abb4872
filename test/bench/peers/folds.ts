import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { renderTable } from '../../../src/cli/table.ts'
import { uniformAt } from '../../../src/kernels/random.ts'

/**
 * Mean RMSE over five random folds of MovieLens 100K (`u.data`) or 1M (`ratings.dat`), of recsys and, on the same folds, of
 * Surprise where `bench-peers` has installed it.
 *
 *     node test/bench/peers/folds.ts --data ../shared/datasets/ml-100k [--only 'svd|NMF'] [--folds 5]
 */
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/datasets/ml-100k' },
    only: { type: 'string', default: '' },
    folds: { type: 'string', default: '5' },
  },
})
const here = fileURLToPath(new URL('.', import.meta.url))
const python = join(here, '.venv/rating/bin/python')
const nFolds = 5

interface Lane {
  readonly name: string
  run(folder: string): number
}

const ours = (name: string, algo: string, params: object): Lane => ({
  name: `recsys ${name}`,
  run: (folder) =>
    rmseOf(process.execPath, [
      ...[`${here}rating-fit.ts`, '--data', folder, '--algo', algo],
      ...['--params', JSON.stringify(params)],
    ]),
})
const surprise = (name: string): Lane => ({
  name: `Surprise ${name}`,
  run: (folder) => rmseOf(python, [`${here}surprise_fit.py`, folder, name, '{}']),
})
const lanes = [
  ours('svd', 'svd', {}),
  ours('svd --solver als', 'svd', { solver: 'als' }),
  ours('svd --solver sgd', 'svd', { solver: 'sgd' }),
  ours('nmf', 'nmf', {}),
  ours('svd --implicit --time', 'svd', { implicit: true, time: true }),
  ...(existsSync(python) ? [surprise('SVD'), surprise('NMF')] : []),
].filter(({ name }) => new RegExp(flags.only).test(name))

const work = mkdtempSync(join(tmpdir(), 'recsys-folds-'))
const folders = Array.from({ length: Number(flags.folds) }, (_, fold) => writeFold(fold))
const rows = lanes.map(({ name, run }) => {
  const errors = folders.map(run)
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  return [name, mean.toFixed(4), ...errors.map((error) => error.toFixed(4))]
})
rmSync(work, { recursive: true, force: true })
console.log(renderTable(['', 'mean rmse', ...folders.map((_, fold) => `fold ${fold + 1}`)], rows))

function writeFold(fold: number): string {
  const isMillion = existsSync(join(flags.data, 'ratings.dat'))
  const lines = readFileSync(join(flags.data, isMillion ? 'ratings.dat' : 'u.data'), 'latin1')
    .trimEnd()
    .split('\n')
  const parts = { train: ['user,item,rating,timestamp'], test: ['user,item,rating,timestamp'] }
  for (const [row, line] of lines.entries()) {
    const own = Math.floor(uniformAt(11, row) * nFolds) === fold
    parts[own ? 'test' : 'train'].push(
      line
        .split(isMillion ? '::' : '\t')
        .slice(0, 4)
        .join(','),
    )
  }
  const folder = join(work, `fold-${fold}`)
  mkdirSync(folder)
  for (const [name, part] of Object.entries(parts))
    writeFileSync(join(folder, `${name}.csv`), part.join('\n'))
  return folder
}

function rmseOf(command: string, args: readonly string[]): number {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(stderr.slice(-1000))
  return (JSON.parse(stdout.trim().split('\n').at(-1) as string) as { rmse: number }).rmse
}
