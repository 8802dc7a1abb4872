import type { Ranking, ServedModel } from '../ranking/served-model.ts'
import type { ModelIdentity } from '../types.ts'

/** The JSON of a recommendation, by concatenation: the items' text was rendered when the model was loaded. */
export function renderRecommendation(model: ServedModel, userId: string | null, ranking: Ranking): string {
  const { known, unknownCategories, unknownItems } = ranking
  let text = `{"userId":${JSON.stringify(userId)},"known":${known},${renderRanked(model, ranking)}`
  if (unknownCategories.length > 0) text += `,"unknownCategories":${JSON.stringify(unknownCategories)}`
  if (unknownItems.length > 0) text += `,"unknownItems":${JSON.stringify(unknownItems)}`
  return `${text}}`
}

export function renderSimilar(model: ServedModel, itemId: string, ranking: Ranking): string {
  return `{"itemId":${JSON.stringify(itemId)},${renderRanked(model, ranking)}}`
}

function renderRanked(model: ServedModel, { best, source }: Ranking): string {
  const end = `,"source":"${source}"}`
  let text = `"model":${modelText(model.identity)},"items":[`
  for (let rank = 0; rank < best.count; rank++) {
    if (rank > 0) text += ','
    text += model.itemText(best.indices[rank]!) + shortScore(best.scores[rank]!) + end
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
