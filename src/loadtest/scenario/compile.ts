import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compileDocument } from './compile-document.ts'
import { loadModule } from './module-source.ts'
import { readDocument } from './read-document.ts'
import { recommendationScenario } from './recommendations.ts'
import type { Scenario, ScenarioSource } from './types.ts'

/** A scenario that a thread can draw from. Works in every thread; rows of feeds stay in shared memory. */
export async function compileScenario(source: ScenarioSource): Promise<Scenario> {
  switch (source.kind) {
    case 'file':
      return compileDocument(source.document, source.feeds)
    case 'module': {
      const path = fileURLToPath(source.url)
      return compileDocument(
        readDocument(path, loadModule(path, path, readFileSync(path, 'utf8'))),
        source.feeds,
      )
    }
    case 'built-in':
      return recommendationScenario(source)
  }
}
