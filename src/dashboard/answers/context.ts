import type { Registry } from '../../registry/types.ts'
import type { ModelShelf } from './model-shelf.ts'

/** What the answers work with, all in the dashboard's thread. */
export interface AnswerContext {
  readonly dataDir: string
  /** Name of the registered model where a question names none. */
  readonly modelName: string
  readonly registry: Registry
  readonly models: ModelShelf
  /** What commands that the page starts see of the environment, and where they run. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
}

/** Parameters of a question as the route has checked them. */
export type QuestionParams = Readonly<Record<string, string | number | boolean | undefined>>
