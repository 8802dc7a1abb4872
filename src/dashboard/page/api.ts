import { useEffect, useState } from 'preact/hooks'

/** What the API says when it refuses. */
export class ApiError extends Error {
  readonly status: number
  readonly remedy: string

  constructor(status: number, message: string, remedy: string) {
    super(message)
    this.status = status
    this.remedy = remedy
  }
}

const tokenKey = 'recsys-admin-token'

export function setToken(token: string): void {
  if (token === '') sessionStorage.removeItem(tokenKey)
  else sessionStorage.setItem(tokenKey, token)
  for (const listener of listeners) listener(['registry', 'data', 'live'])
  follow()
}

function headers(): Record<string, string> {
  const token = sessionStorage.getItem(tokenKey)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api/v1/${path}`, { ...init, headers: { ...headers(), ...init.headers } })
  } catch {
    throw new ApiError(0, 'The server does not answer.', 'Start it again; this page goes on by itself.')
  }
  const body = (await response.json()) as T & { error?: { message: string; remedy?: string } }
  if (response.ok) return body
  throw new ApiError(response.status, body.error?.message ?? response.statusText, body.error?.remedy ?? '')
}

export function getJson<T>(path: string): Promise<T> {
  return request<T>(path)
}

export function postJson<T>(path: string, body: object): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export type Topic = 'registry' | 'data' | 'live'

const listeners = new Set<(topics: readonly Topic[]) => void>()
const stateListeners = new Set<(isLive: boolean) => void>()
let following: AbortController | undefined

/** Reads the server-sent events. `EventSource` could not send a token. */
function follow(): void {
  following?.abort()
  const controller = new AbortController()
  following = controller
  void readEvents(controller.signal).finally(() => {
    if (following !== controller) return
    for (const listener of stateListeners) listener(false)
    setTimeout(() => following === controller && follow(), 2000)
  })
}

async function readEvents(signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch('/api/v1/events', { headers: headers(), signal })
    if (!response.ok || response.body === null) return
    for (const listener of stateListeners) listener(true)
    // What has changed before somebody followed was not told.
    for (const listener of listeners) listener(['registry', 'data', 'live'])
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      text += value
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) dispatch(event)
    }
  } catch {
    // The server is gone or restarts: it is asked again.
  }
}

function dispatch(event: string): void {
  const data = /^data: (.*)$/m.exec(event)?.[1]
  if (data === undefined) return
  const topics = JSON.parse(data) as Topic[]
  for (const listener of listeners) listener(topics)
}

/** Whether changes are told as they happen. */
export function useLive(): boolean {
  const [isLive, setLive] = useState(false)
  useEffect(() => {
    stateListeners.add(setLive)
    if (following === undefined) follow()
    return () => void stateListeners.delete(setLive)
  }, [])
  return isLive
}

export interface Loaded<T> {
  /** Undefined until the first answer. */
  readonly data: T | undefined
  readonly error: ApiError | undefined
}

/** What a route answers, anew whenever one of the topics has changed. `null`: nothing is asked. */
export function useData<T>(path: string | null, topics: readonly Topic[] = ['registry']): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { readonly path: string | null }>({
    ...{ path, data: undefined, error: undefined },
  })
  useEffect(() => {
    if (path === null) return
    let isCurrent = true
    let isLoading = false
    let isStale = false
    const load = async () => {
      if (isLoading) {
        isStale = true
        return
      }
      isLoading = true
      try {
        const data = await getJson<T>(path)
        if (isCurrent) setLoaded({ path, data, error: undefined })
      } catch (error) {
        const failure = error instanceof ApiError ? error : new ApiError(0, String(error), '')
        if (isCurrent)
          setLoaded((before) => ({
            path,
            data: before.path === path ? before.data : undefined,
            error: failure,
          }))
      }
      isLoading = false
      if (isStale && isCurrent) {
        isStale = false
        void load()
      }
    }
    const onChange = (changed: readonly Topic[]) => {
      if (changed.some((topic) => topics.includes(topic))) void load()
    }
    listeners.add(onChange)
    void load()
    return () => {
      isCurrent = false
      listeners.delete(onChange)
    }
  }, [path])
  return loaded.path === path ? loaded : { data: undefined, error: undefined }
}
