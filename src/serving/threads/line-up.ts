import type { LineUp } from '../messages.ts'
import type { ServedTrial } from '../ranking/model-slot.ts'
import { ServedModel } from '../ranking/served-model.ts'
import type { NewItems } from '../shared/new-items.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import type { Fallback } from '../types.ts'

/** The models of a line-up as one thread sees them. */
export interface ServedLineUp {
  readonly model: ServedModel
  readonly trial: ServedTrial | undefined
}

/** Builds a thread's views of models, and hands out again those that it has in service. */
export class ServedModels {
  readonly #desk: number
  readonly #strangers: readonly Fallback[]
  #present: readonly ServedModel[] = []
  #newItems: NewItems | undefined

  constructor(desk: number, strangers: readonly Fallback[]) {
    this.#desk = desk
    this.#strangers = strangers
  }

  build({ model, trial }: LineUp): ServedLineUp {
    return {
      model: this.#view(model),
      trial: trial ? { ...trial, model: this.#view(trial.model) } : undefined,
    }
  }

  /** What of a line-up is not in service yet. */
  newIn({ model, trial }: ServedLineUp): ServedModel[] {
    return [model, ...(trial ? [trial.model] : [])].filter((each) => !this.#present.includes(each))
  }

  /** Those of another model are of no use. */
  useNewItems(items: NewItems): void {
    this.#newItems = items
    for (const model of this.#present) model.useNewItems(items)
  }

  keep({ model, trial }: ServedLineUp): void {
    this.#present = trial ? [model, trial.model] : [model]
    if (this.#newItems) for (const each of this.#present) each.useNewItems(this.#newItems)
  }

  #view(shared: SharedModel): ServedModel {
    return (
      this.#present.find(({ cacheKey }) => cacheKey === shared.key) ??
      new ServedModel(shared, this.#desk, this.#strangers)
    )
  }
}
