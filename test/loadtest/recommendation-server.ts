import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/** The answers of a healthy server, as far as a load test looks at them. */
export const healthy: RequestListener = (request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answerTo(new URL(request.url ?? '/', 'http://server'))))
}

/** Healthy, but for recommendations, which `answer` gives. */
export function recommendationsBy(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): RequestListener {
  return (request, response) => {
    if (request.url === '/health') healthy(request, response)
    else answer(response, request)
  }
}

export function recommendation(version: number, items = ['a', 'b']) {
  return {
    model: { name: 'recommender', version },
    items: items.map((itemId) => ({ itemId, score: 1, source: 'model' })),
  }
}

function answerTo({ pathname, searchParams }: URL) {
  if (pathname === '/health') return { status: 'ok' }
  const excluded = searchParams.getAll('exclude')
  return recommendation(
    3,
    ['a', 'b', 'c'].filter((itemId) => !excluded.includes(itemId)),
  )
}
