import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/**
 * Compiles `assembly/` with and without relaxed SIMD, and for pairs of vectors as one of eight lanes, when a source or this file is newer than what was built.
 * `--copy-to DIR` also copies the result, for `dist/`.
 */
const here = fileURLToPath(new URL('.', import.meta.url))
const sources = join(here, 'assembly')

const builds = [
  { file: 'kernels-wide.wasm', lanes: 'eight', features: ['simd', 'threads', 'relaxed-simd'] },
  { file: 'kernels.wasm', lanes: 'four', features: ['simd', 'threads', 'relaxed-simd'] },
  { file: 'kernels-plain.wasm', lanes: 'four', features: ['simd', 'threads'] },
]

const { values } = parseArgs({ options: { 'copy-to': { type: 'string' } } })
for (const { file, lanes, features } of builds) {
  const target = join(here, file)
  if (isStale(target)) compile(target, lanes, features)
  if (values['copy-to']) copyInto(values['copy-to'], target, file)
}

function isStale(target: string): boolean {
  if (!existsSync(target)) return true
  const built = statSync(target).mtimeMs
  const inputs = [
    fileURLToPath(import.meta.url),
    ...readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((file) => join(sources, file)),
  ]
  return inputs.some((file) => statSync(file).mtimeMs > built)
}

function compile(target: string, lanes: string, features: readonly string[]): void {
  const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js')
  // Aside and renamed: another process may be reading the old one, or building too.
  const unfinished = `${target}.${process.pid}.wasm`
  const memory = ['--importMemory', '--noExportMemory', '--sharedMemory', '--maximumMemory', '65536']
  const { status } = spawnSync(
    process.execPath,
    [
      ...[asc, join(sources, `lanes/${lanes}.ts`), join(sources, 'index.ts'), '--outFile', unfinished],
      ...['-O3', '--noAssert', '--runtime', 'stub'],
      ...[...memory, '--initialMemory', '1', '--use', 'abort='],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    { stdio: 'inherit' },
  )
  if (status !== 0) process.exit(status ?? 1)
  renameSync(unfinished, target)
}

function copyInto(directory: string, target: string, file: string): void {
  mkdirSync(directory, { recursive: true })
  copyFileSync(target, join(directory, file))
}
