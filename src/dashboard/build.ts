import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

/** Bundles the page into `assets/`, when a source of it is newer. `--copy-to DIR` also copies the result, for `dist/`. */
const here = fileURLToPath(new URL('.', import.meta.url))
const page = join(here, 'page')
const assets = join(here, 'assets')
const { values } = parseArgs({ options: { 'copy-to': { type: 'string' } } })

if (isStale()) {
  mkdirSync(assets, { recursive: true })
  await build({
    entryPoints: { app: join(page, 'main.tsx') },
    ...{ outdir: assets, bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'warning', legalComments: 'none' },
  })
  copyFileSync(join(page, 'index.html'), join(assets, 'index.html'))
}
if (values['copy-to']) cpSync(assets, join(values['copy-to'], 'assets'), { recursive: true })

function isStale(): boolean {
  const built = ['app.js', 'app.css', 'index.html'].map((name) => join(assets, name))
  if (!built.every((file) => existsSync(file))) return true
  const oldest = Math.min(...built.map((file) => statSync(file).mtimeMs))
  const inputs = readdirSync(page, { recursive: true, encoding: 'utf8' }).map((file) => join(page, file))
  return [...inputs, fileURLToPath(import.meta.url)].some((file) => statSync(file).mtimeMs > oldest)
}
