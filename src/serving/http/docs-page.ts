import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { escapeHtml } from '../../escape-html.ts'

/** What is read of an OpenAPI description. */
interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly nullable?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** `GET /docs`: the description of the API for people. One page without scripts, made once. */
export function registerDocs(app: FastifyInstance): void {
  let page: string | undefined
  app.get('/docs', { config: { scope: 'public' }, schema: { hide: true } }, (_, reply) => {
    page ??= docsPage(app.swagger() as unknown as Description)
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page)
  })
}

function docsPage({ info, paths }: Description): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? 'other'))]
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => (operation.tags?.[0] ?? 'other') === tag)
    return `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${own.map(operationHtml).join('')}`
  })
  const links = tags.map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} API</title>
<style>${styles}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(info.title)} <small>${escapeHtml(info.version)}</small></h1>
<p>${escapeHtml(info.description ?? '')} For machines: <a href="/openapi.json">openapi.json</a>.</p>
<nav aria-label="groups">${links.join(' ')}</nav>
</header>
${sections.join('\n')}
</main>
</body>
</html>
`
}

function operationHtml({
  method,
  path,
  operation,
}: {
  method: string
  path: string
  operation: Operation
}): string {
  const { summary = '', description, parameters = [], requestBody, responses } = operation
  const head = `<summary><span class="method ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code> <span class="what">${escapeHtml(summary)}</span></summary>`
  const parts = [
    description ? `<p>${escapeHtml(description)}</p>` : '',
    parameters.length > 0 ? `<h3>Parameters</h3>${fieldTable(parameters.map(parameterField))}` : '',
    requestBody ? `<h3>Body</h3>${contentHtml(requestBody.content)}` : '',
    '<h3>Answers</h3>',
    ...Object.entries(responses).map(([status, { description: meaning, content }]) => {
      return `<p><strong>${escapeHtml(status)}</strong> ${escapeHtml(meaning)}</p>${Number(status) < 300 && content ? contentHtml(content) : ''}`
    }),
    exampleOf(method, path, requestBody),
  ]
  return `<details>${head}<div class="body">${parts.join('')}</div></details>`
}

interface Field {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  readonly description?: string | undefined
}

function parameterField({ name, in: place, schema, required = false, description }: Parameter): Field {
  return { name: place === 'path' ? `{${name}}` : name, schema, required, description }
}

function contentHtml(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const fields = fieldsOf(schema, '')
      const text = schema.description ? `<p>${escapeHtml(schema.description)}</p>` : ''
      return `<p class="type"><code>${escapeHtml(type)}</code></p>${text}${fields.length > 0 ? fieldTable(fields) : ''}`
    })
    .join('')
}

/** Fields of objects in objects and lists, with their paths. */
function fieldsOf(schema: Schema, path: string): Field[] {
  if (schema.type === 'array' && schema.items) return fieldsOf(schema.items, `${path}[]`)
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`
    const field = {
      name,
      schema: value,
      required: schema.required?.includes(key) ?? false,
      description: value.description,
    }
    return [field, ...fieldsOf(value, name)]
  })
}

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map(({ name, schema, required, description }) => {
    const note = [description ?? '', rangeOf(schema)].filter((text) => text !== '').join(' ')
    return `<tr><td><code>${escapeHtml(name)}</code>${required ? ' <em>needed</em>' : ''}</td><td>${escapeHtml(typeOf(schema))}</td><td>${escapeHtml(note)}</td></tr>`
  })
  return `<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">field</th><th scope="col">type</th><th scope="col">what it is</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function typeOf({ type = 'any', items, enum: values, nullable }: Schema): string {
  const own = values ? values.map((value) => JSON.stringify(value)).join(' | ') : type
  const whole = type === 'array' && items ? `list of ${typeOf(items)}` : own
  return nullable ? `${whole} or null` : whole
}

function rangeOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, maxItems } = schema
  const texts = [
    minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}.` : '',
    minimum !== undefined && maximum === undefined ? `At least ${minimum}.` : '',
    maxLength !== undefined ? `${minLength ?? 0} to ${maxLength} characters.` : '',
    maxItems !== undefined ? `At most ${maxItems} entries.` : '',
    schema.default !== undefined ? `Left out: ${JSON.stringify(schema.default)}.` : '',
  ]
  return texts.filter((text) => text !== '').join(' ')
}

function exampleOf(method: string, path: string, body: Operation['requestBody']): string {
  const json = body ? ` -H 'content-type: application/json' -d '{…}'` : ''
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`
  return `<h3>By hand</h3><pre tabindex="0"><code>${escapeHtml(`curl${verb} http://127.0.0.1:8000${path}${json}`)}</code></pre>`
}

const styles = `
:root{color-scheme:light dark;--ink:#1b1f27;--soft:#5b6472;--paper:#f6f7f9;--card:#fff;--edge:#e3e6eb;--accent:#2b4fc4;--write:#8a5300}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a3acbb;--paper:#14171c;--card:#1c2027;--edge:#2d333d;--accent:#8fa9ff;--write:#f0b65a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:980px;margin:0 auto;padding:32px 20px 64px}
h1{margin:0;font-size:26px}h1 small{color:var(--soft);font-weight:400;font-size:15px}
h2{margin:32px 0 8px;font-size:18px;text-transform:capitalize}h3{margin:16px 0 6px;font-size:14px}
a{color:var(--accent)}nav{display:flex;gap:16px;flex-wrap:wrap}
details{background:var(--card);border:1px solid var(--edge);border-radius:10px;margin:8px 0}
summary{cursor:pointer;padding:10px 14px;overflow-wrap:anywhere}
summary:focus-visible{outline:2px solid var(--accent);border-radius:10px}
.method{display:inline-block;min-width:52px;font:600 12px/1.8 ui-monospace,monospace;color:var(--accent)}
.method.post{color:var(--write)}
.what{color:var(--soft)}
.body{padding:0 14px 14px}
.type{margin:8px 0 4px;color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--edge)}
td:last-child{min-width:240px}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace}
pre{background:var(--paper);border:1px solid var(--edge);border-radius:8px;padding:10px 12px;overflow-x:auto;margin:0}
em{color:var(--soft);font-size:12px}
`

/** Nothing but the page's own style, known by its hash: no script, no request to anywhere. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(styles).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
