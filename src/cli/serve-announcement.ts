import type { ModelIdentity, RunningServer } from '../serving/types.ts'

/** What `serve` says on stdout when it listens: scripts wait for it. */
export interface ServeAnnouncement {
  readonly url: string
  readonly ready: boolean
  readonly model: ModelIdentity | null
  /** Why no model is in service. */
  readonly reason: string | null
  readonly threads: number
  readonly pid: number
  readonly openapiUrl: string
  readonly metricsUrl: string
}

export function serveAnnouncement(server: RunningServer): ServeAnnouncement {
  const { model, failure, nThreads } = server.status()
  const { url } = server
  return {
    url,
    ready: model !== null,
    model,
    reason: failure?.message ?? null,
    threads: nThreads,
    pid: process.pid,
    openapiUrl: `${url}/openapi.json`,
    metricsUrl: `${url}/metrics`,
  }
}

/** The first line tells the address and the model, the second where to look further. */
export function serveText({ url, threads, openapiUrl, metricsUrl, ...state }: ServeAnnouncement): string {
  const listening = `listening on ${url} with ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  return `${listening}, ${modelText(state)}\n${url}/ is the dashboard, ${openapiUrl} describes the API, ${metricsUrl} has the metrics`
}

function modelText({ model, reason }: Pick<ServeAnnouncement, 'model' | 'reason'>): string {
  if (model === null) return `not ready: ${reason ?? 'no model yet'}`
  if (model.version === null) return `serving popular items until a version of ${model.name} is promoted`
  return `serving ${model.name} version ${model.version} (${model.algorithm}, run ${model.runId})`
}
