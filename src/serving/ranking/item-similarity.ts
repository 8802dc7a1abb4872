import { groupItems, nGroupsOf, valueAddress } from '../shared/scoring-memory.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import type { ItemSimilarity } from './diversify.ts'

/**
 * How alike two items are, in [0, 1]: the cosine of their factors without biases, or where a model has none the share of
 * categories that they have in common (Jaccard). Negative cosines count as 0: less than unrelated is not more diverse.
 */
export function itemSimilarity(shared: SharedModel): ItemSimilarity {
  return shared.rankedBy === 'factors' ? cosine(shared) : commonCategories(shared)
}

function cosine({ scoring }: SharedModel): ItemSimilarity {
  const { memory, itemRows, width, nItems, blocks } = scoring
  const rows = new Float32Array(memory.buffer, itemRows, nGroupsOf(nItems) * groupItems * width)
  const { positions, constantColumn } = blocks
  return (itemIndex, otherIndex) => {
    // Of items that came after the training nothing is known that could make them alike.
    if (itemIndex >= nItems || otherIndex >= nItems) return 0
    const [a, b] = [valueAddress(width, positions[itemIndex]!), valueAddress(width, positions[otherIndex]!)]
    let [product, squareA, squareB] = [0, 0, 0]
    for (let i = 0; i < width; i++) {
      if (i === constantColumn) continue
      const [x, y] = [rows[a + i * groupItems]!, rows[b + i * groupItems]!]
      product += x * y
      squareA += x * x
      squareB += y * y
    }
    const size = Math.sqrt(squareA * squareB)
    return size > 0 ? Math.min(1, Math.max(0, product / size)) : 0
  }
}

function commonCategories({ categories }: SharedModel): ItemSimilarity {
  const { starts, items } = categories
  const nCategories = starts.length - 1
  let byItem: Map<number, Set<number>> | undefined
  const build = () => {
    const sets = new Map<number, Set<number>>()
    for (let category = 0; category < nCategories; category++) {
      for (let i = starts[category]!; i < starts[category + 1]!; i++) {
        const item = items[i]!
        const set = sets.get(item) ?? new Set()
        sets.set(item, set.add(category))
      }
    }
    return sets
  }
  return (itemIndex, otherIndex) => {
    byItem ??= build()
    const [a, b] = [byItem.get(itemIndex), byItem.get(otherIndex)]
    if (a === undefined || b === undefined) return 0
    let common = 0
    for (const category of a) if (b.has(category)) common++
    return common / (a.size + b.size - common)
  }
}
