import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { RecsysError } from '../errors.ts'
import type { ParamValues } from '../registry/types.ts'

/** A flow as its author wrote it, not checked yet. */
export interface FlowSource {
  readonly file: string
  readonly document: unknown
  /** `12:3` of what stands at a path, as far as it is known; undefined for modules. */
  placeOf(path: readonly (string | number)[]): string | undefined
}

const yamlEndings = ['.yaml', '.yml', '.json']
const moduleEndings = ['.ts', '.mts', '.js', '.mjs', '.cjs']

/**
 * Reads a flow from YAML, or the default export of a module: an object, or a function that makes one of the parameters.
 * A module runs with all that the program may do: it is the author's own code.
 * @throws RECSYS_FLOW_INVALID | RECSYS_USAGE for an ending that is none
 */
export function readFlowSource(file: string, given: ParamValues): FlowSource {
  const ending = extname(file).toLowerCase()
  if (yamlEndings.includes(ending)) return yamlSource(file, read(file))
  if (moduleEndings.includes(ending)) return moduleSource(file, given)
  throw new RecsysError('RECSYS_USAGE', {
    message: `the flow is ${JSON.stringify(file)}, expected a file that ends in ${[...yamlEndings, ...moduleEndings].join(', ')}`,
    remedy: 'Write the flow in YAML or as a module; the README shows one.',
    field: 'file',
  })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(file, `cannot be read: ${(cause as Error).message}`, cause)
  }
}

function yamlSource(file: string, text: string): FlowSource {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' })
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return `${line}:${col}`
  }
  const [error] = document.errors
  if (error)
    throw invalid(`${file}:${place(error.pos[0])}`, `is not YAML: ${error.message.split('\n')[0]}`, error)
  return {
    file,
    document: document.toJS({ maxAliasCount: 100 }),
    placeOf: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
        if (isNode(node) && node.range) return place(node.range[0])
      }
      return undefined
    },
  }
}

function moduleSource(file: string, given: ParamValues): FlowSource {
  const path = resolve(file)
  let loaded: unknown
  try {
    // `require` and not `import`: the single executable has no other way to a file.
    loaded = createRequire(pathToFileURL(path))(path)
    const flow = (loaded as { default?: unknown } | undefined)?.default
    return { file, document: typeof flow === 'function' ? flow(given) : flow, placeOf: () => undefined }
  } catch (cause) {
    throw invalid(
      file,
      `cannot be loaded: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
      cause,
    )
  }
}

function invalid(where: string, what: string, cause: unknown): RecsysError {
  return new RecsysError('RECSYS_FLOW_INVALID', { message: `${where} ${what}`, cause })
}
