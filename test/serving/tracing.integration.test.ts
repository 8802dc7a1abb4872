import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { startServer } from './fixture-server.ts'
import { publish } from './registered.ts'

/** What a user writes: an SDK that sends its spans somewhere, here to a file. */
function tracingModule(directory: string, spansFile: string): string {
  const path = join(directory, 'tracing.mjs')
  const urls = {
    api: import.meta.resolve('@opentelemetry/api'),
    core: import.meta.resolve('@opentelemetry/core'),
    sdk: import.meta.resolve('@opentelemetry/sdk-trace-base'),
  }
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs'
import { propagation, trace } from '${urls.api}'
import { W3CTraceContextPropagator } from '${urls.core}'
import { BasicTracerProvider, SimpleSpanProcessor } from '${urls.sdk}'
const exporter = {
  export: (spans, done) => {
    for (const { name, attributes, parentSpanContext } of spans) {
      appendFileSync(${JSON.stringify(spansFile)}, JSON.stringify({ name, attributes, parent: parentSpanContext?.spanId }) + '\\n')
    }
    done({ code: 0 })
  },
  shutdown: async () => undefined,
}
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
`,
  )
  return path
}

test('each request becomes a span below the one of its caller, with route, status and model version', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  const spansFile = join(dataDir, 'spans.ndjson')
  writeFileSync(spansFile, '')
  const server = await startServer(dataDir, { tracing: tracingModule(dataDir, spansFile), nThreads: 1 })
  const parent = '00f067aa0ba902b7'
  const headers = { traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${parent}-01`, 'x-request-id': 'r-1' }
  await (await fetch(`${server.url}/recommendations/u3?k=2`, { headers })).arrayBuffer()
  await (await fetch(`${server.url}/nothing`)).arrayBuffer()
  const spans = await vi.waitFor(() => {
    const lines = readFileSync(spansFile, 'utf8').trim().split('\n')
    expect(lines).toHaveLength(2)
    return lines.map((line) => JSON.parse(line) as object)
  })
  expect(spans).toEqual([
    {
      name: 'GET /recommendations/:userId',
      parent,
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/recommendations/u3',
        'recsys.request.id': 'r-1',
        'http.route': '/recommendations/:userId',
        'http.response.status_code': 200,
        'recsys.model.version': '1',
      },
    },
    expect.objectContaining({ name: 'GET unmatched' }),
  ])
})

test('a module that cannot be loaded stops the server before it listens', async () => {
  const dataDir = temporaryDirectory()
  const path = join(dataDir, 'broken.mjs')
  writeFileSync(path, 'throw new Error("no collector")')
  await expect(startServer(dataDir, { tracing: path })).rejects.toMatchObject({
    code: 'RECSYS_USAGE',
    message: expect.stringContaining('no collector'),
  })
})
