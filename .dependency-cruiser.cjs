/** The import table of src/README.md. Downward only; errors.ts, duration.ts, host.ts and escape-html.ts may be imported from anywhere. */
const mayImport = {
  kernels: [],
  dataset: ['kernels'],
  models: ['dataset', 'kernels'],
  metrics: ['dataset', 'kernels'],
  workers: ['kernels'],
  artifacts: [],
  lake: [],
  registry: [],
  loadtest: [],
  flow: ['registry'],
  pipeline: ['workers', 'models', 'metrics', 'lake', 'registry', 'artifacts', 'dataset', 'kernels'],
  serving: ['registry', 'artifacts', 'models', 'dataset', 'kernels'],
  dashboard: ['pipeline', 'flow', 'serving', 'registry', 'artifacts', 'models', 'dataset', 'kernels'],
  cli: ['pipeline', 'flow', 'dashboard', 'serving', 'loadtest', 'models', 'metrics', 'registry', 'dataset'],
}

/** Packages that only one room knows. */
const livesIn = {
  'better-sqlite3': 'registry',
  '@duckdb/': 'lake',
  'parquetjs-lite': 'lake',
  'apache-arrow': 'artifacts',
  fastify: 'serving',
  undici: 'loadtest',
  '@oclif/core': 'cli',
  croner: 'flow',
  listr2: 'cli',
}

const anyone = ['^src/errors\\.ts$', '^src/duration\\.ts$', '^src/host\\.ts$', '^src/escape-html\\.ts$']

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-imports-commands',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(commands|bin|test)/' },
    },
    {
      name: 'no-shell',
      comment: 'Only tasks of flows start programs; no text is evaluated as code.',
      severity: 'error',
      from: {
        path: '^(src|commands)',
        pathNot: '^src/(kernels/build|dashboard/build|flow/(task-process|start-flow))\\.ts$',
      },
      to: { path: '^(node:)?(child_process|vm|repl|inspector)$' },
    },
    ...Object.entries(mayImport).map(([room, rooms]) => ({
      name: `${room}-imports-downward`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: [`^src/(${[room, ...rooms].join('|')})/`, ...anyone] },
    })),
    ...Object.entries(livesIn).map(([name, room]) => ({
      name: `${name.replace(/[@/]/g, '')}-lives-in-${room}`,
      severity: 'error',
      from: {
        path: '^(src|commands)/',
        pathNot: room === 'cli' ? '^(src/cli|commands)/' : `^src/${room}/`,
      },
      to: { path: `node_modules/${name}` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^src/kernels/assembly', '^dist'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
