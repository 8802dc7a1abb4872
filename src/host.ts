import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import { type AddonFile, addonDirectories, loadAddon } from './addon-cache.ts'

/**
 * The three habitats of the program: TypeScript sources, the compiled `dist/`, and the single executable,
 * where files beside the code exist only as embedded assets. Only this file knows which one it is.
 */
interface Sea {
  isSea(): boolean
  getAsset(key: string): ArrayBuffer
  getAsset(key: string, encoding: string): string
}

const sea: Sea | undefined = seaModule()

function seaModule(): Sea | undefined {
  const loaded = process.getBuiltinModule('node:sea') as Sea | undefined
  return loaded?.isSea() ? loaded : undefined
}

/**
 * Bytes of a file that ships beside the code.
 * @param path  relative to `src/`, for example `kernels/kernels.wasm`
 */
export function readAsset(path: string): Uint8Array {
  return sea ? new Uint8Array(sea.getAsset(path)) : readFileSync(new URL(path, import.meta.url))
}

/**
 * Starts a worker thread.
 * @param module  its entry relative to `src/`, without extension, for example `workers/kernel-worker`
 */
export function startWorker(module: string, options: WorkerOptions = {}): Worker {
  if (sea) return new Worker(sea.getAsset(`${module}.js`, 'utf8'), { ...options, eval: true })
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  return new Worker(new URL(module + extension, import.meta.url), options)
}

/** How this program is started once more, as a process of its own: the file to run and its first arguments. */
export function ownProgram(): readonly [file: string, ...args: string[]] {
  if (sea) return [process.execPath]
  const entry = import.meta.url.endsWith('.ts') ? '../bin/dev.js' : '../../bin/run.js'
  return [process.execPath, fileURLToPath(new URL(entry, import.meta.url))]
}

/** The version of the program, from package.json; embedded as an asset in the single executable. */
export function programVersion(): string {
  if (sea) return (JSON.parse(sea.getAsset('package.json', 'utf8')) as { version: string }).version
  const require = createRequire(import.meta.url)
  const root = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json'
  return (require(root) as { version: string }).version
}

/**
 * A native addon that the single executable carries, loaded from a cache directory that only this account can write to.
 * @public the build of the executable puts a call of this in place of the packages' own loaders
 * @param cacheHome  value of XDG_CACHE_HOME
 * @throws RECSYS_ADDON_UNLOADABLE
 */
export function nativeAddon(name: string, cacheHome: string | undefined): unknown {
  const files = JSON.parse(embeddedText(`native/${name}.json`)) as AddonFile[]
  const read = (file: string) => zstdDecompressSync(readAsset(`native/${name}/${file}`))
  return loadAddon({ name, files, read }, addonDirectories(cacheHome), (path) => {
    const loaded = { exports: {} }
    process.dlopen(loaded, path)
    return loaded.exports
  })
}

function embeddedText(key: string): string {
  return Buffer.from(readAsset(key)).toString('utf8')
}
