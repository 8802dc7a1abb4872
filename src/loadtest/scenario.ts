import type { Pick } from './pick.ts'
import { draw, type Random } from './random.ts'
import type { Population, TaskRequest } from './types.ts'

/** How often each request is drawn: recommendations three times as often as each of the others. */
export const requestWeights: Readonly<Record<string, number>> = { recommendations: 3, filtered: 1, health: 1 }

export const requestNames: readonly string[] = Object.keys(requestWeights)

interface Drawn {
  readonly population: Population
  readonly pickUser: Pick<string>
  readonly k: number
}

/** A request of one name. */
export function drawRequest(name: string, { population, pickUser, k }: Drawn, random: Random): TaskRequest {
  if (name === 'health') return { task: name, path: '/health', k: 0, excluded: [] }
  const path = `/recommendations/${encodeURIComponent(pickUser(random))}?k=${k}`
  if (name === 'recommendations') return { task: name, path, k, excluded: [] }
  return filteredRequest(path, population, k, random)
}

/** At least one of category, exclude and excludeSeen=false. */
function filteredRequest(path: string, population: Population, k: number, random: Random): TaskRequest {
  const query: string[] = []
  const excluded: string[] = []
  if (population.categories.length > 0 && random() < 0.5) {
    query.push(`category=${encodeURIComponent(draw(population.categories, random))}`)
  }
  if (population.itemIds.length > 0 && random() < 0.5) {
    excluded.push(draw(population.itemIds, random))
    query.push(`exclude=${encodeURIComponent(excluded[0] as string)}`)
  }
  if (query.length === 0 || random() < 0.5) query.push(`excludeSeen=${query.length > 0 && random() < 0.5}`)
  return { task: 'filtered', path: `${path}&${query.join('&')}`, k, excluded }
}
