import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/**
 * Compiles `assembly/` twice, with and without relaxed SIMD, when a source is newer than what was built.
 * `--copy-to DIR` also copies the result, for `dist/`.
 */
const here = fileURLToPath(new URL('.', import.meta.url))
const sources = join(here, 'assembly')

const builds = [
  { file: 'kernels.wasm', features: ['simd', 'threads', 'relaxed-simd'] },
  { file: 'kernels-plain.wasm', features: ['simd', 'threads'] },
]

const { values } = parseArgs({ options: { 'copy-to': { type: 'string' } } })
for (const { file, features } of builds) {
  const target = join(here, file)
  if (isStale(target)) compile(target, features)
  if (values['copy-to']) copyInto(values['copy-to'], target, file)
}

function isStale(target: string): boolean {
  if (!existsSync(target)) return true
  const built = statSync(target).mtimeMs
  return readdirSync(sources).some((file) => statSync(join(sources, file)).mtimeMs > built)
}

function compile(target: string, features: readonly string[]): void {
  const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js')
  const memory = ['--importMemory', '--noExportMemory', '--sharedMemory', '--maximumMemory', '65536']
  const { status } = spawnSync(
    process.execPath,
    [
      ...[asc, join(sources, 'index.ts'), '--outFile', target, '-O3', '--noAssert', '--runtime', 'stub'],
      ...[...memory, '--initialMemory', '1', '--use', 'abort='],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    { stdio: 'inherit' },
  )
  if (status !== 0) process.exit(status ?? 1)
}

function copyInto(directory: string, target: string, file: string): void {
  mkdirSync(directory, { recursive: true })
  copyFileSync(target, join(directory, file))
}
