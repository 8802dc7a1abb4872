import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'

/**
 * The native addons of the executable: an esbuild plugin that puts `nativeAddon` of src/host.ts in place of the
 * packages' own loaders, and the assets that it reads, compressed.
 */
export function nativeAddons(root) {
  const require = createRequire(join(root, 'package.json'))
  const platform = `${process.platform}-${process.arch}`
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime
  const duckdb = dirname(
    require.resolve(`@duckdb/node-bindings-${platform}${musl ? '-musl' : ''}/duckdb.node`),
  )
  const sqlite = dirname(require.resolve('better-sqlite3/package.json'))
  const sqlitePlatform = musl ? platform.replace('linux', 'linuxmusl') : platform
  const addons = {
    duckdb: [join(duckdb, 'duckdb.node'), join(duckdb, duckdbLibrary())],
    'better-sqlite3': [join(sqlite, 'prebuilds', `${sqlitePlatform}.node`)],
  }
  const loaders = {
    '@duckdb/node-bindings': { namespace: 'native', path: 'duckdb' },
    // The entry of one platform does not search the file system for its addon.
    'better-sqlite3': { path: join(sqlite, 'lib', `${sqlitePlatform}.js`) },
  }
  return { plugin: nativePlugin(root, loaders), assets: (directory) => writeAssets(addons, directory) }
}

function duckdbLibrary() {
  return { win32: 'duckdb.dll', darwin: 'libduckdb.dylib' }[process.platform] ?? 'libduckdb.so'
}

function nativePlugin(root, loaders) {
  const host = JSON.stringify(join(root, 'src/host.ts'))
  return {
    name: 'native-addons',
    setup(build) {
      build.onResolve({ filter: /^(@duckdb\/node-bindings|better-sqlite3)$/ }, ({ path }) => loaders[path])
      build.onResolve({ filter: /prebuilds\/.*\.node$/ }, () => ({
        namespace: 'native',
        path: 'better-sqlite3',
      }))
      build.onLoad({ filter: /.*/, namespace: 'native' }, ({ path }) => ({
        contents: `module.exports = require(${host}).nativeAddon(${JSON.stringify(path)}, process.env.XDG_CACHE_HOME)`,
        resolveDir: root,
      }))
    },
  }
}

/** Keys as `nativeAddon` expects them: `native/<name>.json` and `native/<name>/<file>`. */
function writeAssets(addons, directory) {
  const assets = {}
  for (const [name, paths] of Object.entries(addons)) {
    mkdirSync(join(directory, name), { recursive: true })
    const files = paths.map((path) => {
      const bytes = readFileSync(path)
      const file = basename(path)
      assets[`native/${name}/${file}`] = write(join(directory, name, file), compress(bytes))
      return {
        name: file,
        sizeBytes: bytes.byteLength,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      }
    })
    assets[`native/${name}.json`] = write(join(directory, `${name}.json`), JSON.stringify(files))
  }
  return assets
}

/** Level 12 takes seconds; 19 takes a minute and saves a few per cent more. */
function compress(bytes) {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 12 } })
}

function write(path, data) {
  writeFileSync(path, data)
  return path
}
