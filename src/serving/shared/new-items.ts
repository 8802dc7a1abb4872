/** Items that came after the training of a model, as far as the events tell of them; in shared memory. */
export interface NewItems {
  /** Of the model that they were folded into. */
  readonly key: string
  readonly ids: readonly string[]
  /** Row-major, `width` floats an item: scored like the model's own. */
  readonly rows: Float32Array
  /** Users of the model who have touched the item, ascending: item i has `users[starts[i] .. starts[i + 1])`. */
  readonly starts: Int32Array
  readonly users: Int32Array
}

/** So many are offered at once: those with the largest audience. */
export const maxNewItems = 256
