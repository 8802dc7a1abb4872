import { existsSync } from 'node:fs'
import { EventReader, journalPath } from '../../registry/event-journal.ts'
import { AudienceFold } from '../ranking/audience-fold.ts'
import { indexOfId } from '../shared/id-table.ts'
import { maxNewItems, type NewItems } from '../shared/new-items.ts'
import type { SharedModel } from '../shared/shared-model.ts'

/** Users of the model that an item needs: fewer say little about whom else it is for. */
const minAudience = 5
const pageEvents = 20_000
/** Items that are kept in mind at once; a flood of ids that nobody else names must not fill the memory. */
const maxFollowed = 20_000

/** Follows the journal of events for items that a model does not have. */
export class NewItemWatch {
  readonly #dataDir: string
  readonly #model: SharedModel
  readonly #fold: AudienceFold
  /** Weights by user index, by item id. */
  readonly #audiences = new Map<string, Map<number, number>>()
  #seq = 0

  constructor(dataDir: string, model: SharedModel) {
    this.#dataDir = dataDir
    this.#model = model
    this.#fold = new AudienceFold(model)
  }

  /** Reads on; undefined where nothing new has come. @throws RECSYS_REGISTRY_LOCKED and its like */
  look(): NewItems | undefined {
    return existsSync(journalPath(this.#dataDir)) && this.#readOn() ? this.#folded() : undefined
  }

  /** Whether an audience has changed. */
  #readOn(): boolean {
    const reader = new EventReader(this.#dataDir)
    let changed = false
    try {
      for (;;) {
        const events = reader.since(this.#seq, pageEvents)
        for (const { itemId, userId, weight } of events) {
          if (indexOfId(this.#model.items, itemId) >= 0) continue
          const user = indexOfId(this.#model.users, userId)
          if (user >= 0) changed = this.#add(itemId, user, weight) || changed
        }
        this.#seq = events.at(-1)?.seq ?? this.#seq
        if (events.length < pageEvents) return changed
      }
    } finally {
      reader.close()
    }
  }

  #add(itemId: string, user: number, weight: number): boolean {
    const audience = this.#audiences.get(itemId) ?? new Map<number, number>()
    if (audience.size === 0 && this.#audiences.size >= maxFollowed) return false
    this.#audiences.set(itemId, audience.set(user, Math.max(weight, audience.get(user) ?? 0)))
    return audience.size >= minAudience
  }

  #folded(): NewItems {
    const { width } = this.#model.scoring
    const chosen = [...this.#audiences]
      .filter(([, audience]) => audience.size >= minAudience)
      .sort(([, a], [, b]) => b.size - a.size)
      .slice(0, maxNewItems)
    const rows = new Float32Array(new SharedArrayBuffer(4 * width * chosen.length))
    const audiences = chosen.map(([, audience]) => [...audience.keys()].sort((a, b) => a - b))
    for (const [i, [, audience]] of chosen.entries()) rows.set(this.#fold.fold(audience), i * width)
    return { key: this.#model.key, ids: chosen.map(([id]) => id), rows, ...lists(audiences) }
  }
}

function lists(audiences: readonly (readonly number[])[]): Pick<NewItems, 'starts' | 'users'> {
  const starts = new Int32Array(new SharedArrayBuffer(4 * (audiences.length + 1)))
  audiences.forEach((audience, i) => {
    starts[i + 1] = starts[i]! + audience.length
  })
  const users = new Int32Array(new SharedArrayBuffer(4 * starts[audiences.length]!))
  audiences.forEach((audience, i) => {
    users.set(audience, starts[i]!)
  })
  return { starts, users }
}
