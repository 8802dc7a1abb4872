import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Kernels and the dashboard's page are built once before any test: source files load them from beside them. */
export default function setup(): void {
  for (const room of ['kernels', 'dashboard']) {
    const build = fileURLToPath(new URL(`../../src/${room}/build.ts`, import.meta.url))
    execFileSync(process.execPath, [build], { stdio: 'inherit' })
  }
}
