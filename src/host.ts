import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker, type WorkerOptions } from 'node:worker_threads'

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

/** True inside the single executable. */
export const isSingleExecutable: boolean = sea !== undefined

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

/** The version of the program, from package.json; embedded as an asset in the single executable. */
export function programVersion(): string {
  if (sea) return (JSON.parse(sea.getAsset('package.json', 'utf8')) as { version: string }).version
  const require = createRequire(import.meta.url)
  const root = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json'
  return (require(root) as { version: string }).version
}
