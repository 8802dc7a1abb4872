import type { Ranking, Reason, ServedModel } from '../ranking/served-model.ts'
import type { ModelIdentity } from '../types.ts'

/** Why an item is in a ranking; undefined: nobody asked. */
type Explain = ((itemIndex: number) => Reason[]) | undefined

/** The JSON of a recommendation, by concatenation: the items' text was rendered when the model was loaded. */
export function renderRecommendation(
  model: ServedModel,
  userId: string | null,
  ranking: Ranking,
  explain: Explain,
): string {
  const { known, unknownCategories, unknownItems } = ranking
  let text = `{"userId":${JSON.stringify(userId)},"known":${known},${renderRanked(model, ranking, explain)}`
  if (unknownCategories.length > 0) text += `,"unknownCategories":${JSON.stringify(unknownCategories)}`
  if (unknownItems.length > 0) text += `,"unknownItems":${JSON.stringify(unknownItems)}`
  return `${text}}`
}

export function renderSimilar(model: ServedModel, itemId: string, ranking: Ranking): string {
  return `{"itemId":${JSON.stringify(itemId)},${renderRanked(model, ranking)}}`
}

export function renderItem(model: ServedModel, itemIndex: number): string {
  const attributes = JSON.stringify(model.attributesOf(itemIndex))
  const item = `${catalogueItem(model, itemIndex).slice(0, -1)},"attributes":${attributes}}`
  return `{"model":${modelText(model.identity)},"item":${item}}`
}

/** @param page  item indices */
export function renderHistory(
  model: ServedModel,
  userId: string,
  total: number,
  page: readonly number[],
): string {
  const items = page.map((itemIndex) => catalogueItem(model, itemIndex)).join(',')
  return `{"userId":${JSON.stringify(userId)},"model":${modelText(model.identity)},"total":${total},"items":[${items}]}`
}

function catalogueItem(model: ServedModel, itemIndex: number): string {
  return `${facts(model, itemIndex)}"interactions":${model.interactionsOf(itemIndex)}}`
}

/** An item's text up to the comma before its score. */
function facts(model: ServedModel, itemIndex: number): string {
  return model.itemText(itemIndex).slice(0, -'"score":'.length)
}

function renderReasons(model: ServedModel, reasons: readonly Reason[]): string {
  const texts = reasons.map(({ itemIndex, weight }) => {
    return `${facts(model, itemIndex)}"weight":${shortScore(weight)}}`
  })
  return `,"reasons":[${texts.join(',')}]`
}

function renderRanked(model: ServedModel, { best, source }: Ranking, explain?: Explain): string {
  const end = `,"source":"${source}"`
  const newEnd = ',"source":"events"'
  const isExplained = source === 'model' || source === 'events'
  let text = `"model":${modelText(model.identity)},"items":[`
  for (let rank = 0; rank < best.count; rank++) {
    if (rank > 0) text += ','
    text += model.itemText(best.indices[rank]!) + shortScore(best.scores[rank]!)
    text += model.isNew(best.indices[rank]!) ? newEnd : end
    if (explain) text += renderReasons(model, isExplained ? explain(best.indices[rank]!) : [])
    text += '}'
  }
  return `${text}]`
}

/** Six decimals: a float32 printed in full would claim digits it does not have. */
function shortScore(score: number): number {
  return Math.round(score * 1e6) / 1e6
}

const texts = new WeakMap<ModelIdentity, string>()

function modelText(identity: ModelIdentity): string {
  const known = texts.get(identity)
  if (known !== undefined) return known
  const { name, version, runId } = identity
  const text = JSON.stringify({ name, version, runId })
  texts.set(identity, text)
  return text
}
