import { expect, test } from 'vitest'
import { answer, compile, failure, virtualUser } from './scenario-files.ts'

async function firstStep(task: string, rest: Record<string, string> = {}) {
  const scenario = await compile({ 'scenario.yaml': task, ...rest })
  return scenario.tasks[0]!.steps[0]!
}

test('a request has its method, path, query, headers and body', async () => {
  const step = await firstStep(`
headers: { X-App: load }
feeds: { user: { rows: [{ id: a b, n: 3 }] } }
tasks:
  - put: /users/\${user.id}?x=1
    query: { name: "\${user.id}", plain: "a&b" }
    headers: { Accept: application/json, x-user: "\${user.id}" }
    json: { n: "\${user.n}", text: "n=\${user.n}", flag: true, list: [null, "\${virtualUser.index}"] }
`)
  expect(step.render(virtualUser({}, 7))).toEqual({
    method: 'PUT',
    path: '/users/a%20b?x=1&name=a%20b&plain=a%26b',
    headers: {
      'x-app': 'load',
      accept: 'application/json',
      'content-type': 'application/json',
      'x-user': 'a b',
    },
    body: '{"n":3,"text":"n=3","flag":true,"list":[null,7]}',
  })
})

test('texts of a feed become numbers where a number is asked for', async () => {
  const step = await firstStep(
    'feeds: { user: { file: u.csv } }\ntasks:\n  - post: /\n    json: { id: "${user.id | number}", text: "${user.id}" }\n',
    { 'u.csv': 'id\n17\n' },
  )
  expect(step.render(virtualUser()).body).toBe('{"id":17,"text":"17"}')
})

test('a form is encoded and says so', async () => {
  const step = await firstStep('tasks:\n  - post: /\n    form: { "a b": "c&d=e", f: ü }\n')
  expect(step.render(virtualUser())).toMatchObject({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a%20b=c%26d%3De&f=%C3%BC',
  })
})

test('values go from answer to request: JSON path, header, pattern', async () => {
  const scenario = await compile({
    'scenario.yaml': `
tasks:
  - name: order
    steps:
      - post: /login
        carry:
          token: { json: $.auth.token }
          csrf: { regex: 'csrf="([^"]+)"' }
      - get: /cart
        headers: { authorization: "Bearer \${token}", x-csrf: "\${csrf}" }
        carry: { next: { header: Location }, id: { header: location, regex: '/(\\d+)\\?' } }
      - get: \${next | raw}
      - get: /orders/\${id}
`,
  })
  const [login, cart, next, order] = scenario.tasks[0]!.steps
  const user = virtualUser()
  expect(login!.needsBody).toBe(true)
  expect(login!.check(answer({ text: '{"auth":{"token":"t1"},"html":"csrf=\\"c\\""}' }), user)).toBeDefined()
  expect(login!.check(answer({ text: '{"auth":{"token":"t1"}, "x": "" }csrf="c"' }), user)).toMatch(
    /nothing at \$\.auth\.token to carry as token/,
  )
  const page = { text: '{"auth":{"token":"t1"},"page":["csrf=",1]}' }
  expect(login!.check(answer(page), user)).toMatch(/to carry as csrf/)
  Object.assign(user.values, { token: 't1', csrf: 'c' })
  expect(cart!.needsBody).toBe(false)
  expect(cart!.render(user).headers).toMatchObject({ authorization: 'Bearer t1', 'x-csrf': 'c' })
  expect(
    cart!.check(answer({ headers: { location: 'http://host/orders/17?a=b%20c#top' } }), user),
  ).toBeUndefined()
  expect(next!.render(user).path).toBe('/orders/17?a=b%20c')
  expect(order!.render(user).path).toBe('/orders/17')
})

test.each<[string, object, string | undefined]>([
  ['{}', { status: 302 }, undefined],
  ['{}', { status: 404 }, 'status 404, expected one below 400'],
  ['{ status: 404 }', { status: 404 }, undefined],
  ['{ status: [200, 4xx] }', { status: 503 }, 'status 503, expected 200 or 4xx'],
  ['{ contains: [a, b] }', { text: 'a c' }, 'body is "a c", expected "b" in it'],
  ['{ regex: "^\\\\d+$" }', { text: '123' }, undefined],
  ['{ regex: "^\\\\d+$" }', { text: 'x' }, 'body is "x", expected a match of ^\\d+$'],
  ['{ json: { $.a.b: 1 } }', { text: '{"a":{"b":1}}' }, undefined],
  ['{ json: { $.a.b: 1 } }', { text: '{"a":{"b":"1"}}' }, undefined],
  ['{ json: { $.a.b: 1 } }', { text: '{"a":{"b":2}}' }, '$.a.b is 2, expected 1'],
  ['{ json: { "$[0][-1]": null } }', { text: '[[1,null]]' }, undefined],
  ['{ json: { $.a: { exists: true } } }', { text: '{"a":null}' }, undefined],
  ['{ json: { $.a: { exists: true } } }', { text: 'no JSON' }, '$.a is missing, expected a value'],
  ['{ json: { $.a: { exists: false } } }', { text: '{"a":1}' }, '$.a is 1, expected none'],
  [
    '{ json: { $.a: { contains: x, regex: y } } }',
    { text: '{"a":"xz"}' },
    '$.a is "xz", expected a match of y',
  ],
  ['{ json: { $.__proto__: { exists: true } } }', { text: '{}' }, '$.__proto__ is missing, expected a value'],
  ['{ json: { "$[\'a b\']": 2 } }', { text: '{"a b":2}' }, undefined],
  [
    '{ headers: { Content-Type: { contains: json } } }',
    { headers: { 'content-type': 'application/json' } },
    undefined,
  ],
  ['{ headers: { etag: abc } }', { headers: {} }, 'header etag is missing, expected "abc"'],
  ['{ json: { $.id: "${random.int(5,5)}" } }', { text: '{"id":5}' }, undefined],
])('check %s of %j', async (check, fields, expected) => {
  const step = await firstStep(`tasks:\n  - get: /\n    check: ${check}\n`)
  expect(step.check(answer(fields), virtualUser())).toBe(expected)
})

test('an answer that would send a backtracking engine astray is judged at once', async () => {
  const step = await firstStep('tasks:\n  - get: /\n    check: { regex: "^(a+)+$" }\n')
  expect(step.check(answer({ text: `${'a'.repeat(50_000)}!` }), virtualUser())).toContain('expected a match')
})

const feed = (rest: string) =>
  `feeds: { user: { file: u.csv, ${rest} } }\ntasks:\n  - get: /\${user.id}/\${user.id}\n`
const csv = { 'u.csv': `id\n${Array.from({ length: 5 }, (_, i) => i).join('\n')}\n` }

test('a row is held for a whole task and drawn anew for the next', async () => {
  const step = await firstStep(feed('order: sequential'), csv)
  const [ann, bob] = [virtualUser({}, 0), virtualUser({}, 1)]
  const paths = [ann, bob, ann, ann, bob, ann, ann].map((user) => step.render(user).path)
  expect(paths).toEqual(['/0/0', '/1/1', '/2/2', '/3/3', '/4/4', '/0/0', '/1/1'])
})

test('a cursor for each user begins at the first row for each', async () => {
  const step = await firstStep(feed('order: sequential, cursor: user'), csv)
  const [ann, bob] = [virtualUser({}, 0), virtualUser({}, 1)]
  expect([ann, bob, ann, bob].map((user) => step.render(user).path)).toEqual(['/0/0', '/0/0', '/1/1', '/1/1'])
})

test('a row that is held for a user stays', async () => {
  const step = await firstStep(feed('order: sequential, hold: user'), csv)
  const [ann, bob] = [virtualUser({}, 0), virtualUser({}, 1)]
  expect([ann, bob, ann, bob].map((user) => step.render(user).path)).toEqual(['/0/0', '/1/1', '/0/0', '/1/1'])
})

test('threads that compile one source share its cursor', async () => {
  const { compileScenario } = await import('../../../src/loadtest/scenario/compile.ts')
  const { load } = await import('./scenario-files.ts')
  const { source } = await load({ 'scenario.yaml': feed('order: sequential'), ...csv })
  const cloned = structuredClone(source)
  const [a, b] = [await compileScenario(source), await compileScenario(cloned)]
  const paths = [a, b, a].map((scenario) => scenario.tasks[0]!.steps[0]!.render(virtualUser()).path)
  expect(paths).toEqual(['/0/0', '/1/1', '/2/2'])
})

test('a module declares what a file does, and may make requests and judge answers by functions', async () => {
  const scenario = await compile({
    'scenario.ts': `
type User = { index: number; values: Record<string, unknown>; feed(name: string): { id: string } }
export default {
  feeds: { user: { rows: [{ id: 'a/b' }] } },
  tasks: [
    { name: 'plain', weight: 2, get: '/u/\${user.id}' },
    {
      name: 'made',
      request: (user: User) => ({ method: 'post', path: '/m/' + user.index, body: { id: user.feed('user').id } }),
      check: (answer: { text: string }) => answer.text === 'yes' || 'said ' + answer.text,
    },
  ],
}
`,
  })
  const [plain, made] = scenario.tasks.map((task) => task.steps[0]!)
  expect(scenario.tasks.map(({ name, weight }) => [name, weight])).toEqual([
    ['plain', 2],
    ['made', 1],
  ])
  expect(plain!.render(virtualUser())).toMatchObject({ method: 'GET', path: '/u/a%2Fb' })
  expect(made!.render(virtualUser({}, 4))).toEqual({
    method: 'POST',
    path: '/m/4',
    headers: { 'content-type': 'application/json' },
    body: '{"id":"a/b"}',
  })
  expect(made!.check(answer({ text: 'yes' }), virtualUser())).toBeUndefined()
  expect(made!.check(answer({ text: 'no' }), virtualUser())).toBe('said no')
})

test('setup and teardown are there, and what setup carries is known to every task', async () => {
  const scenario = await compile({
    'scenario.yaml': `
setup:
  - post: /session
    carry: { session: { json: $.id } }
tasks:
  - get: /a?s=\${session}
    think: 0.5..1
teardown:
  - delete: /session/\${session}
`,
  })
  expect(scenario.requestNames).toEqual([
    'GET /a?s=${session}',
    'POST /session',
    'DELETE /session/${session}',
  ])
  const user = virtualUser()
  expect(scenario.setup[0]!.check(answer({ text: '{"id":9}' }), user)).toBeUndefined()
  expect(scenario.tasks[0]!.steps[0]!.render(user).path).toBe('/a?s=9')
  expect(scenario.tasks[0]!.steps[0]!.waitMs).toEqual([500, 1000])
  expect(scenario.teardown[0]!.render(user)).toMatchObject({ method: 'DELETE', path: '/session/9' })
})

test('aliases are followed, and a bomb of them is refused', async () => {
  const step = await firstStep('headers: &h { a: b }\ntasks:\n  - get: /\n    headers: *h\n')
  expect(step.render(virtualUser()).headers).toEqual({ a: 'b' })
  const bomb = Array.from(
    { length: 9 },
    (_, i) => `  l${i}: &l${i} [${Array(9).fill(i ? `*l${i - 1}` : '1')}]`,
  )
  const error = await failure({
    'scenario.yaml': `tasks:\n  - post: /\n    json:\n${bomb.map((line) => `    ${line}`).join('\n')}\n`,
  })
  expect(error.message).toContain('has more than 200000 values')
})
