import { type FeedReaders, type LoadedScenario, loadYaml } from './load-scenario.ts'

export interface BuiltInOptions {
  /** Items asked for. */
  readonly k: number
  readonly ids: 'zipf' | 'uniform'
}

/**
 * The scenario of the command itself as a document, for those who carry it elsewhere: recommendations 3, with filters 1,
 * health 1. Filters come in four kinds, equally often.
 * @throws RECSYS_LAKE_MISSING without users to ask for
 */
export async function loadBuiltIn({ k, ids }: BuiltInOptions, readers: FeedReaders): Promise<LoadedScenario> {
  const order = ids === 'zipf' ? 'zipf' : 'random'
  const users = await readers.lake('users', 1_000_000)
  const [categories, items] = [
    await readers.lake('categories', 100_000),
    await readers.lake('items', 100_000),
  ]
  const tables = { users, categories, items }
  const filters = filterQueries(categories.rows.length > 0, items.rows.length > 0)
  const recommendations = `/recommendations/\${user.id}?k=${k}`
  const check = { status: 200, json: { '$.items': { exists: true }, '$.model.name': { exists: true } } }
  const document = {
    name: 'recommendations',
    feeds: {
      user: { lake: 'users', order },
      ...(categories.rows.length > 0 ? { category: { lake: 'categories' } } : {}),
      ...(items.rows.length > 0 ? { item: { lake: 'items' } } : {}),
    },
    tasks: [
      { name: 'recommendations', weight: 3, get: recommendations, check },
      ...filters.map((query) => ({
        name: 'filtered',
        weight: 1 / filters.length,
        get: `${recommendations}&${query}`,
        check,
      })),
      { name: 'health', weight: 1, get: '/health', check: { status: 200 } },
    ],
  }
  return loadYaml('built-in', JSON.stringify(document), { ...readers, lake: async (table) => tables[table] })
}

function filterQueries(withCategories: boolean, withItems: boolean): string[] {
  const category = 'category=${category.name}'
  const exclude = 'exclude=${item.id}'
  return [
    'excludeSeen=false',
    ...(withCategories ? [category] : []),
    ...(withItems ? [exclude] : []),
    ...(withCategories && withItems ? [`${category}&${exclude}&excludeSeen=true`] : []),
  ]
}
