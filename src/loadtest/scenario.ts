import { draw, type Random } from './random.ts'
import type { Population, TaskName, TaskRequest } from './types.ts'

/** How often each task is drawn: recommendations three times as often as each of the others. */
const weights: readonly TaskName[] = [
  'recommendations',
  'recommendations',
  'recommendations',
  'filtered',
  'health',
]

export const taskNames: readonly TaskName[] = ['recommendations', 'filtered', 'health']

/** The next request of a virtual user. */
export function drawRequest(population: Population, k: number, random: Random): TaskRequest {
  const task = draw(weights, random)
  if (task === 'health') return { task, path: '/health', k: 0, excluded: [] }
  const userId = draw(population.userIds, random)
  const path = `/recommendations/${encodeURIComponent(userId)}?k=${k}`
  if (task === 'recommendations') return { task, path, k, excluded: [] }
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
