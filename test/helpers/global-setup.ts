import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The kernels are compiled once before any test: source files load the `.wasm` beside them. */
export default function setup(): void {
  const build = fileURLToPath(new URL('../../src/kernels/build.ts', import.meta.url))
  execFileSync(process.execPath, [build], { stdio: 'inherit' })
}
