import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

// oclif writes the commands in the order in which the file system lists them, which is another one on every machine.
execFileSync('oclif', ['manifest'], { stdio: 'inherit' })
const manifest = JSON.parse(readFileSync('oclif.manifest.json', 'utf8'))
const commands = Object.entries(manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(
  'oclif.manifest.json',
  `${JSON.stringify({ ...manifest, commands: Object.fromEntries(commands) }, null, 2)}`,
)
