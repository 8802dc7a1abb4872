import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const acceptable = /^[\w.:-]{1,64}$/

/** Takes over the id that a proxy gave the request, when it is fit for a log line; numbers the others. */
export function requestIds(): (request: IncomingMessage) => string {
  const prefix = randomBytes(4).toString('hex')
  let count = 0
  return ({ headers }) => {
    const given = headers['x-request-id']
    if (typeof given === 'string' && acceptable.test(given)) return given
    count++
    return `${prefix}-${count.toString(36)}`
  }
}
