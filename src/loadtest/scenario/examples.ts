/** What `recsys loadtest init` writes: both run as they are against `recsys serve`. */
export const yamlExample = `# A scenario for: recsys loadtest --scenario FILE
# As it is, it loads a server that \`recsys serve\` has started, with the users of the lake in --data-dir.
name: recommendations

# Where the requests go; --url says otherwise. One host only, and redirects are not followed.
url: http://127.0.0.1:8000

# Seconds that a user thinks after every request: one number, or least..most. Tasks and steps may have their own.
think: 0.1..0.5

# Sent with every request.
headers:
  accept: application/json

# Where placeholders get their values from. Every run of a task draws a row: \${user.id} is the column id of that row.
feeds:
  user:
    lake: users           # or file: users.csv, file: users.parquet (beside this file), or rows: [{ id: u1 }]
    order: zipf           # sequential, random (default) or zipf: the first rows far more often than the last
    exponent: 1           # of Zipf's law
    # cursor: shared      # sequential: one cursor for all users (default), or user: one for each
    # hold: task          # a row is held for one run of a task (default), or user: for the life of the user

# Once, before any load. What it carries is known to every task. teardown: is the same after the load.
setup:
  - name: ready
    get: /health/ready
    check:
      status: 200

# Each user draws a task by weight, sends its steps one after another, and draws again.
tasks:
  - name: recommendations
    weight: 3
    get: /recommendations/\${user.id}
    query:
      k: 10
    check:                            # without one, any status below 400 is right
      status: 200                     # also 2xx, or a list
      headers:
        content-type: { contains: json }
      json:                           # by JSON path; a plain value must be equal
        $.items: { exists: true }
        $.model.name: { regex: '^\\w' }

  - name: similar items
    weight: 1
    steps:                            # a sequence; a step that fails ends it
      - name: one recommendation
        get: /recommendations/\${user.id}?k=1
        carry:                        # values for later steps: json:, header: or regex:
          item: { json: '$.items[0].itemId' }
        think: 0.2
      - name: similar
        get: /items/\${item}/similar?k=5
        check:
          status: 200

  - name: somebody new
    weight: 1
    post: /recommendations
    json:                             # or form: { name: value }, or body: a text
      history:
        - { itemId: i1, rating: 5 }
      k: 5
    check:
      contains: '"items"'

  - name: health
    weight: 1
    get: /health
`

export const moduleExample = `// A scenario for: recsys loadtest --scenario FILE
// The default export says what a YAML scenario says; requests and checks may be functions. The module runs once in each
// thread of the load test. As it is, it loads a server that \`recsys serve\` has started.

/**
 * @typedef {{ index: number, random: () => number, values: Record<string, unknown>,
 *   feed: (name: string) => Record<string, string | number | boolean | null> }} User
 * @typedef {{ status: number, headers: Record<string, string | string[]>, text: string }} Answer
 */

/** @param {User} user */
function recommendations(user) {
  const k = 1 + Math.floor(user.random() * 20)
  return { method: 'GET', path: '/recommendations/' + encodeURIComponent(String(user.feed('user').id)) + '?k=' + k }
}

/**
 * What is wrong, in words; anything but a text or false is right.
 * @param {Answer} answer
 */
function hasItems(answer) {
  const { items } = JSON.parse(answer.text)
  return items.length > 0 || 'no items'
}

export default {
  name: 'recommendations',
  url: 'http://127.0.0.1:8000',
  think: '0.1..0.5',
  headers: { accept: 'application/json' },
  feeds: { user: { lake: 'users', order: 'zipf' } },
  setup: [{ get: '/health/ready', check: { status: 200 } }],
  tasks: [
    { name: 'recommendations', weight: 3, request: recommendations, check: hasItems },
    { name: 'health', weight: 1, get: '/health', check: { status: 200, contains: 'ok' } },
  ],
}
`
