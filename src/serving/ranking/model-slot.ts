import type { ServedModel } from './served-model.ts'

/**
 * The one reference that a change-over moves. A request reads it once, at its start, and answers from what it got;
 * the old model lives as long as a request holds it.
 */
export class ModelSlot {
  #current: ServedModel | undefined

  get current(): ServedModel | undefined {
    return this.#current
  }

  swap(next: ServedModel | undefined): void {
    this.#current = next
  }
}
