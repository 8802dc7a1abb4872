// Builds dist/recsys, the single executable: one bundle of the program, its workers, files and native addons inside of
// a copy of the pinned node. Runs on that node, for the platform it runs on.
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Plugin } from '@oclif/core'
import { build } from 'esbuild'
import { nativeAddons } from './native-addons.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const work = join(root, 'dist/binary')
const output = join(root, 'dist', process.platform === 'win32' ? 'recsys.exe' : 'recsys')
const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

// Packages ask for home directory and shell when they are loaded; an account without an entry has neither.
const banner = `const bundleUrl = require('node:url').pathToFileURL(process.execPath).href
try { require('node:os').userInfo() } catch { process.env.HOME ??= ''; process.env.SHELL ??= 'sh' }`

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const addons = nativeAddons(root)
const commands = globSync('**/*.ts', { cwd: join(root, 'commands') }).sort()
const workers = globSync('**/*-worker.ts', { cwd: join(root, 'src') })
const files = [
  ...globSync('**/*.{wasm,svg,ico,sql}', { cwd: join(root, 'src') }),
  ...globSync('dashboard/assets/*', { cwd: join(root, 'src') }),
]

const program = await bundle(join(work, 'recsys.js'), {
  stdin: { contents: entry(commands), resolveDir: root },
})
const assets = { 'package.json': embedded('package.json', JSON.stringify(publicPackage())) }
assets['oclif.manifest.json'] = embedded('oclif.manifest.json', JSON.stringify(await manifest()))
for (const worker of workers) {
  const key = worker.replace(/\.ts$/, '.js')
  assets[key] = await bundle(join(work, key), { entryPoints: [join(root, 'src', worker)] })
}
for (const file of files) assets[file] = join(root, 'src', file)
Object.assign(assets, addons.assets(join(work, 'native')))
requireEveryAsset(assets)

// Relative: the path of the bundle shows in stack traces.
const main = relative(root, program)
// NODE_OPTIONS of whoever starts it are meant for another program. Node warns of an old call in packages only where they
// are not in node_modules any more.
const options = { execArgvExtension: 'none', execArgv: ['--disable-warning=DEP0005'] }
const config = { main, output, assets, useCodeCache: true, disableExperimentalSEAWarning: true, ...options }
const configFile = embedded('sea.json', JSON.stringify(config, null, 2))
execFileSync(process.execPath, ['--build-sea', configFile], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
})
process.stdout.write(
  `${output}: ${(statSync(output).size / 1e6).toFixed(1)} MB, ${Object.keys(assets).length} assets\n`,
)

/** Every command by its id, each evaluated when it is asked for and not before. */
function entry(commandFiles) {
  const loaders = commandFiles.map((file) => {
    const id = file
      .replace(/\.ts$/, '')
      .replace(/\/index$/, '')
      .replaceAll('/', ':')
    return `${JSON.stringify(id)}: () => import(${JSON.stringify(`./commands/${file}`)}),`
  })
  return `import { start } from './bin/single-executable.js'\nstart({\n${loaders.join('\n')}\n})\n`
}

/** A script of the form that an executable and a worker can evaluate; what is imported lazily is evaluated lazily. */
async function bundle(outfile, input) {
  const result = await build({
    ...input,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    // `import()` of the executable knows the built-in modules only, through `require` as well.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: banner },
    legalComments: 'none',
    keepNames: true,
    plugins: [addons.plugin],
    external: ['typescript', 'tsx', 'tsx/esm/api'],
    logLevel: 'warning',
    absWorkingDir: root,
  })
  if (result.warnings.length > 0) throw new Error(`esbuild warned about ${outfile}`)
  return outfile
}

/** What `oclif manifest` writes, from the sources. */
async function manifest() {
  const options = {
    root,
    pjson: sourcesPackage(),
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
  }
  const plugin = new Plugin(options)
  await plugin.load()
  return plugin.manifest
}

function sourcesPackage() {
  return { ...pjson, oclif: { ...pjson.oclif, commands: { strategy: 'pattern', target: './commands' } } }
}

function publicPackage() {
  const { name, version, description, license, type, oclif } = pjson
  return { name, version, description, license, type, oclif }
}

function embedded(name, text) {
  const path = join(work, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** What `startWorker` and `readAsset` ask for by name must be inside, or it would be missed when it is too late. */
function requireEveryAsset(present) {
  for (const source of globSync('**/*.ts', { cwd: join(root, 'src') })) {
    const text = readFileSync(join(root, 'src', source), 'utf8')
    const asked = [
      ...[...text.matchAll(/\bstartWorker\(\s*'([^']+)'/g)].map(([, name]) => `${name}.js`),
      ...[...text.matchAll(/\breadAsset\(\s*'([^']+)'/g)].map(([, name]) => name),
    ]
    for (const key of asked) {
      if (!(key in present)) throw new Error(`src/${source} asks for ${key}, which is not in the executable`)
    }
  }
}
