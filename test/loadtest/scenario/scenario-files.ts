import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RecsysError } from '../../../src/errors.ts'
import { randomStream } from '../../../src/loadtest/random.ts'
import { compileScenario } from '../../../src/loadtest/scenario/compile.ts'
import {
  type FeedReaders,
  type LoadedScenario,
  loadScenario,
} from '../../../src/loadtest/scenario/load-scenario.ts'
import type { Scenario, StepAnswer, UserState } from '../../../src/loadtest/scenario/types.ts'
import { temporaryDirectory } from '../../helpers/run-recsys.ts'

/** Files by name, in a directory of their own; the path of the first. */
export function writeFiles(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  return join(directory, Object.keys(files)[0]!)
}

const noReaders: FeedReaders = {
  parquet: async () => ({ columns: ['id'], rows: [[1]] }),
  lake: async () => ({ columns: ['id'], rows: [['u1']] }),
}

export function load(files: Readonly<Record<string, string>>): Promise<LoadedScenario> {
  return loadScenario(writeFiles(files), noReaders)
}

export async function compile(files: Readonly<Record<string, string>>): Promise<Scenario> {
  return compileScenario((await load(files)).source)
}

export async function failure(files: Readonly<Record<string, string>>): Promise<RecsysError> {
  return load(files).then(
    () => {
      throw new Error('expected the scenario to be refused')
    },
    (error: RecsysError) => error,
  )
}

export function virtualUser(values: Record<string, unknown> = {}, index = 0): UserState {
  return { index, random: randomStream(42, index), values }
}

export function answer(fields: Partial<StepAnswer>): StepAnswer {
  return { status: 200, headers: {}, text: '', request: { method: 'GET', path: '/' }, ...fields }
}
