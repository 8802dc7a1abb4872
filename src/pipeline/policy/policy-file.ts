import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RecsysError } from '../../errors.ts'
import type { PolicyTexts } from './types.ts'

/** Where a data directory keeps its policy. */
export const policyFileName = 'promotion-policy.json'

/** More than this is no policy. */
const mostBytes = 1_000_000

const keys = ['metric', 'minGain', 'confidence', 'mustBeat', 'guards'] as const

/**
 * The policy of the data directory, or of the file that was named. Without a name there may be none.
 * @throws RECSYS_POLICY_INVALID naming the key at fault and the ones there are
 */
export async function readPolicyFile(dataDir: string, named?: string): Promise<PolicyTexts> {
  const path = named ?? join(dataDir, policyFileName)
  const text = await readText(path, named === undefined)
  return text === undefined ? {} : policyFrom(path, text)
}

async function readText(path: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (mayBeMissing && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw invalid(path, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

function policyFrom(path: string, text: string): PolicyTexts {
  const document = parseObject(path, text)
  const unknown = Object.keys(document).find((key) => !(keys as readonly string[]).includes(key))
  if (unknown !== undefined) {
    throw invalid(path, `has the key ${JSON.stringify(unknown.slice(0, 60))}, expected ${keys.join(', ')}`)
  }
  return {
    metric: textOf(path, document, 'metric'),
    minGain: textOrNumberOf(path, document, 'minGain'),
    confidence: textOrNumberOf(path, document, 'confidence'),
    mustBeat: textsOf(path, document, 'mustBeat'),
    guards: textsOf(path, document, 'guards'),
  }
}

type Document = Readonly<Record<string, unknown>>

function parseObject(path: string, text: string): Document {
  if (text.length > mostBytes)
    throw invalid(path, `has ${text.length} characters, expected a small JSON object`)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document
  } catch (cause) {
    throw invalid(path, `is not JSON: ${(cause as Error).message}`, cause)
  }
  throw invalid(path, 'is not a JSON object')
}

function textOf(path: string, document: Document, key: string): string | undefined {
  const value = document[key]
  if (value === undefined || typeof value === 'string') return value
  throw wrongType(path, key, value, 'a text')
}

function textOrNumberOf(path: string, document: Document, key: string): string | undefined {
  const value = document[key]
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw wrongType(path, key, value, 'a number or a text such as "1%"')
}

function textsOf(path: string, document: Document, key: string): readonly string[] | undefined {
  const value = document[key]
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value
  throw wrongType(path, key, value, 'a list of texts')
}

function wrongType(path: string, key: string, value: unknown, expected: string): RecsysError {
  return invalid(path, `has ${JSON.stringify(value).slice(0, 60)} for ${key}, expected ${expected}`)
}

function invalid(path: string, what: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_POLICY_INVALID', { message: `${path} ${what}`, field: 'policy', cause })
}
