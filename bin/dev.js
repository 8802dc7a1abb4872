#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execute } from '@oclif/core'

// The sources instead of `dist/` and of the manifest, which names it: Node strips the types.
const root = fileURLToPath(new URL('..', import.meta.url))
const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
pjson.oclif.commands.target = './commands'
await execute({ loadOptions: { root, pjson, ignoreManifest: true } })
