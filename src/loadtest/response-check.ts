import type { TaskRequest } from './types.ts'

/** `model` of an accepted answer, or what is wrong with the body. */
export type BodyVerdict = { readonly model: string | undefined } | { readonly wrong: string }

const maxModelLabel = 120

/** Judges the body of a 200. A recommendation must name exactly one model and hold at most k items, none excluded. */
export function checkBody(request: TaskRequest, text: string): BodyVerdict {
  const body = parseJson(text)
  if (!isObject(body)) return { wrong: `expected a JSON object, got ${preview(text)}` }
  if (request.task === 'health') return { model: undefined }
  const items = body.items
  if (!Array.isArray(items)) return { wrong: `expected items to be a list, got ${preview(text)}` }
  if (items.length > request.k) return { wrong: `expected ${request.k} items at most, got ${items.length}` }
  return checkItems(items, request, modelLabel(body.model))
}

function checkItems(items: unknown[], request: TaskRequest, model: string | undefined): BodyVerdict {
  if (model === undefined) return { wrong: 'expected model.name, got an answer that names no model' }
  for (const item of items) {
    if (!isObject(item) || typeof item.itemId !== 'string') return { wrong: 'expected itemId on every item' }
    if (request.excluded.includes(item.itemId))
      return { wrong: `got the excluded item ${preview(item.itemId)}` }
    const own: string | undefined = item.model === undefined ? model : modelLabel(item.model)
    if (own !== model) return { wrong: `expected one model, got items of ${model} and of ${own}` }
  }
  return { model }
}

/** `name v3`; the name alone when there is no version, as for a popularity model made on the spot. */
function modelLabel(model: unknown): string | undefined {
  if (!isObject(model) || typeof model.name !== 'string') return undefined
  const { name, version } = model
  const label = typeof version === 'number' || typeof version === 'string' ? `${name} v${version}` : name
  return label.slice(0, maxModelLabel)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function preview(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
