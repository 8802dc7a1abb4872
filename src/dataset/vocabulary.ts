import type { Vocabulary } from './types.ts'

/** @param ids  distinct, in the order that becomes the dense index */
export function vocabularyOf(ids: readonly string[]): Vocabulary {
  let indices: Map<string, number> | undefined
  return {
    ids,
    size: ids.length,
    indexOf: (id) => {
      indices ??= new Map(ids.map((own, index) => [own, index]))
      return indices.get(id) ?? -1
    },
  }
}

/** indexOf in `into` of every id of `from`: −1 for one that `into` does not know. */
export function mapIndices(from: Vocabulary, into: Vocabulary): Int32Array {
  return Int32Array.from(from.ids, (id) => into.indexOf(id))
}
