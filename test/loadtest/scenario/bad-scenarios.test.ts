import { expect, test } from 'vitest'
import { failure } from './scenario-files.ts'

const csv = { 'users.csv': 'id,name\n1,Ann\n2,Bob\n' }
const feeds = 'feeds:\n  user: { file: users.csv }\n'

/** What is wrong, the text, the line and column it is at, what the message says, and what the remedy says. */
const cases: [string, string, string, RegExp, RegExp][] = [
  [
    'an empty file',
    '',
    '1:1',
    /the scenario is nothing, expected a scenario with name, url/,
    /at least one task/,
  ],
  ['no tasks', 'name: x\n', '1:1', /has none, expected tasks/, /at least one task/],
  [
    'empty tasks',
    'name: x\ntasks: []\n',
    '2:8',
    /tasks is an empty list, expected a list of tasks/,
    /begins with "- "/,
  ],
  [
    'a task that is a text',
    'tasks:\n  - /health\n',
    '2:5',
    /tasks is "\/health", expected a task with/,
    /get: \/health/,
  ],
  [
    'a task without a request',
    'tasks:\n  - name: a\n',
    '2:5',
    /a task has none, expected exactly one of get, post/,
    /steps/,
  ],
  [
    'an unknown key',
    'tasks:\n  - get: /\n    wieght: 2\n',
    '3:5',
    /unknown key "wieght" in a task, .*did you mean "weight"\?/,
    /Write weight in place of wieght/,
  ],
  [
    'an unknown key that resembles none',
    'tasks:\n  - get: /\nxyzzy: 1\n',
    '3:1',
    /unknown key "xyzzy" in a scenario, expected name/,
    /Take the key out/,
  ],
  [
    'weight 0',
    'tasks:\n  - get: /\n    weight: 0\n',
    '3:13',
    /weight is 0, expected a number above 0/,
    /weight/,
  ],
  [
    'a negative weight',
    'tasks:\n  - get: /\n    weight: -3\n',
    '3:13',
    /weight is -3, expected a number above 0/,
    /weight/,
  ],
  [
    'a weight that is a text',
    'tasks:\n  - get: /\n    weight: often\n',
    '3:13',
    /weight is "often", expected a number/,
    /weight/,
  ],
  [
    'two methods',
    'tasks:\n  - get: /\n    post: /a\n',
    '2:5',
    /has get and post, expected exactly one of/,
    /method/,
  ],
  [
    'two bodies',
    'tasks:\n  - post: /\n    body: a\n    json: 1\n',
    '2:5',
    /has json and body, expected one of them at most/,
    /all but one/,
  ],
  [
    'a request beside steps',
    'tasks:\n  - get: /\n    steps: [{ get: / }]\n',
    '2:5',
    /has get and steps/,
    /steps/,
  ],
  ['bad YAML', 'tasks:\n  - get: "/\n', '3:1', /is not YAML: Missing closing "quote/, /quotes/],
  ['a tab', 'tasks:\n\t- get: /\n', '2:1', /is not YAML: Tabs/, /spaces/],
  [
    'a key twice',
    'name: a\nname: b\ntasks:\n  - get: /\n',
    '2:1',
    /is not YAML: Map keys must be unique/,
    /one of the two/,
  ],
  [
    'an anchor that is not there',
    'name: *nobody\ntasks:\n  - get: /\n',
    '1:7',
    /expected an anchor &nobody before it/,
    /anchor/,
  ],
  [
    'a missing feed file',
    'feeds:\n  user: { file: none.csv }\ntasks:\n  - get: /\n',
    '2:17',
    /feed user file "none.csv": there is no such file/,
    /relative to the scenario/,
  ],
  [
    'a feed without rows',
    'feeds:\n  user: { file: empty.csv }\ntasks:\n  - get: /\n',
    '2:17',
    /it has no rows/,
    /at least one row/,
  ],
  [
    'a feed that is no CSV',
    'feeds:\n  user: { file: bad.csv }\ntasks:\n  - get: /\n',
    '2:17',
    /line 3 is not CSV/,
    /first row/,
  ],
  [
    'a feed with a column twice',
    'feeds:\n  user: { file: double.csv }\ntasks:\n  - get: /\n',
    '2:17',
    /the column "id" twice/,
    /first row/,
  ],
  [
    'a feed of another kind',
    'feeds:\n  user: { file: users.xlsx }\ntasks:\n  - get: /\n',
    '2:17',
    /file is "users.xlsx", expected a path that ends in .csv or .parquet/,
    /csv/,
  ],
  [
    'a feed from nowhere',
    'feeds:\n  user: { order: random }\ntasks:\n  - get: /\n',
    '2:9',
    /has none, expected exactly one of file, lake, rows/,
    /file: users.csv/,
  ],
  [
    'an unknown order',
    'feeds:\n  user: { file: users.csv, order: zip }\ntasks:\n  - get: /\n',
    '2:35',
    /order is "zip", expected one of sequential, random, zipf/,
    /zipf/,
  ],
  [
    'a column that no one has',
    `${feeds}tasks:\n  - get: /u/\${user.nmae}\n`,
    '4:13',
    /names a column that feed user does not have, expected one of id, name; did you mean "name"/,
    /column/,
  ],
  [
    'a feed that no one has',
    `${feeds}tasks:\n  - get: /u/\${usr.id}\n`,
    '4:13',
    /names no feed, expected one of user; did you mean "user"/,
    /Define usr/,
  ],
  ['a whole feed', `${feeds}tasks:\n  - get: /u/\${user}\n`, '4:13', /names a whole feed/, /user\.id/],
  [
    'an unknown placeholder',
    'tasks:\n  - get: /u/${who}\n',
    '2:13',
    /\$\{who\} is an unknown placeholder/,
    /earlier step/,
  ],
  [
    'code in a placeholder',
    'tasks:\n  - get: /u/${process.exit()}\n',
    '2:13',
    /names no feed|expected such as/,
    /./,
  ],
  ['an expression in a placeholder', 'tasks:\n  - get: /u/${1 + 1}\n', '2:13', /expected such as/, /no code/],
  [
    'a placeholder that is not closed',
    'tasks:\n  - get: /u/${who\n',
    '2:13',
    /expected a } after it/,
    /Close/,
  ],
  [
    'an unknown filter',
    `${feeds}tasks:\n  - get: "/u/\${user.id | upper}"\n`,
    '4:14',
    /expected after \| one of raw, number/,
    /one filter/,
  ],
  [
    'a value used before it is carried',
    'tasks:\n  - name: a\n    steps:\n      - get: /a/${token}\n      - get: /b\n        carry: { token: { json: $.t } }\n',
    '4:17',
    /\$\{token\} is used before it is carried, expected one of none/,
    /earlier step/,
  ],
  [
    'a value that another task carries',
    'tasks:\n  - name: a\n    get: /a\n    carry: { token: { json: $.t } }\n  - get: /b/${token}\n',
    '5:13',
    /used before it is carried/,
    /setup/,
  ],
  [
    'a carried value without a source',
    'tasks:\n  - get: /\n    carry: { a: {} }\n',
    '3:17',
    /has none of json, header, regex/,
    /regex: PATTERN/,
  ],
  [
    'a JSON path to many values',
    'tasks:\n  - get: /\n    check: { json: { "$..a": 1 } }\n',
    '3:22',
    /is no name in checks by JSON path, expected a JSON path to one value/,
    /\$\.items/,
  ],
  [
    'a pattern that can run for ever',
    'tasks:\n  - get: /\n    check: { regex: "(a)\\\\1" }\n',
    '3:21',
    /expected a regular expression that runs in linear time/,
    /plainer/,
  ],
  [
    'a status that is none',
    'tasks:\n  - get: /\n    check: { status: 99 }\n',
    '3:22',
    /status is 99, expected a status such as 200, or a class/,
    /status/,
  ],
  [
    'a think time that runs backwards',
    'think: 2..1\ntasks:\n  - get: /\n',
    '1:8',
    /think is "2..1", expected seconds/,
    /think/,
  ],
  [
    'a scheme other than http',
    'url: ftp://127.0.0.1/\ntasks:\n  - get: /\n',
    '1:6',
    /url is "ftp:.*", expected such as http:\/\//,
    /scheme, host and port/,
  ],
  [
    'another host in a path',
    'tasks:\n  - get: http://example.org/\n',
    '2:10',
    /expected a path that begins with \//,
    /host stands once/,
  ],
  [
    'a host without a scheme in a path',
    'tasks:\n  - get: //example.org/\n',
    '2:10',
    /expected a path that begins with \//,
    /host stands once/,
  ],
  ['a stray percent sign', 'tasks:\n  - get: /100%/a\n', '2:14', /a % without two hexadecimal digits/, /%25/],
  [
    'a header of the connection',
    'headers: { Host: a }\ntasks:\n  - get: /\n',
    '1:12',
    /"Host" is no name in headers/,
    /connection/,
  ],
  [
    'a header with a line break in its name',
    'headers: { "a\\nb": c }\ntasks:\n  - get: /\n',
    '1:12',
    /is no name in headers/,
    /header/,
  ],
]

test.each(cases)(
  '%s is refused with its place, what was expected and what to do',
  async (_, text, at, message, remedy) => {
    const extra = { 'empty.csv': 'id\n', 'bad.csv': 'id,name\n1,2\n3\n', 'double.csv': 'id,id\n1,2\n' }
    const error = await failure({ 'scenario.yaml': text, ...csv, ...extra })
    expect(error).toMatchObject({ code: 'RECSYS_SCENARIO_INVALID', exitCode: 4 })
    expect(error.message).toContain(`scenario.yaml:${at} `)
    expect(error.message).toMatch(message)
    expect(error.remedy).toMatch(remedy)
  },
)

test('all that is wrong is said at once, in the order of the file', async () => {
  const error = await failure({
    'scenario.yaml': 'tasks:\n  - get: /\n    weight: 0\n  - gett: /\nnaem: x\n',
  })
  const problems = error.data?.problems as { line: number; column: number; remedy: string }[]
  expect(problems.map(({ line, column }) => [line, column])).toEqual([
    [3, 13],
    [4, 5],
    [4, 5],
    [5, 1],
  ])
  expect(error.message).toMatch(/4 things are wrong.*:3:13 .*:5:1 /s)
})

test.each<[string, string, string, RegExp, RegExp]>([
  ['throws', 'const a = 1\nthrow new Error("no luck")\n', '2:7', /cannot be loaded: Error: no luck/, /stack/],
  [
    'has no default export',
    'export const tasks = []\n',
    '1:1',
    /no default export, expected an object with tasks/,
    /export default/,
  ],
  [
    'has a default export that is no object',
    'export default "tasks"\n',
    '1:1',
    /a default export that is string/,
    /export default/,
  ],
  [
    'is no JavaScript',
    'export default {\n  tasks: [,,\n',
    '',
    /cannot be loaded: SyntaxError/,
    /Mend the module/,
  ],
  [
    'imports what is not there',
    'import "./nothing.mjs"\nexport default {}\n',
    '',
    /cannot be loaded/,
    /Install what it imports/,
  ],
  ['awaits at its top', 'await Promise.resolve()\nexport default {}\n', '', /cannot be loaded/, /setup/],
  [
    'has weight 0',
    'export default {\n  tasks: [\n    { get: "/", weight: 1 },\n    { get: "/", weight: 0 },\n  ],\n}\n',
    '4:17',
    /weight is 0/,
    /weight/,
  ],
  [
    'has an unknown placeholder',
    'export default {\n  tasks: [{ get: "/${who}" }],\n}\n',
    '2:20',
    /unknown placeholder/,
    /earlier step/,
  ],
])('a module that %s is refused', async (_, text, at, message, remedy) => {
  const error = await failure({ 'scenario.mjs': text })
  expect(error).toMatchObject({ code: 'RECSYS_SCENARIO_INVALID', exitCode: 4 })
  expect(error.message).toContain(`scenario.mjs:${at}`)
  expect(error.message).toMatch(message)
  expect(error.remedy).toMatch(remedy)
})

test('a scenario that is not there says how to get one', async () => {
  const { loadScenario } = await import('../../../src/loadtest/scenario/load-scenario.ts')
  await expect(loadScenario('/nowhere/s.yaml', {} as never)).rejects.toMatchObject({
    code: 'RECSYS_SCENARIO_INVALID',
    remedy: expect.stringContaining('recsys loadtest init'),
  })
  await expect(loadScenario('/nowhere/s.txt', {} as never)).rejects.toMatchObject({ code: 'RECSYS_USAGE' })
})
