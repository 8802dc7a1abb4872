import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Runs every benchmark beside this file, one after the other, each in a process of its own; passes `--smoke` on. */
const here = fileURLToPath(new URL('.', import.meta.url))
const benches = readdirSync(here).filter((file) => file.endsWith('.bench.ts'))
const failed = benches.filter((file) => {
  console.log(`\n# ${file}`)
  const { status } = spawnSync(process.execPath, [here + file, ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  return status !== 0
})
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
