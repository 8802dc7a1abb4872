import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'
import { type RunningServer, startServer } from '../helpers/server.ts'

/** What bad input gets, one line a case; printed at the end. */
const told: string[] = []
afterAll(() => console.log(told.join('\n')))

let [files, dataDir] = ['', '']
let server: RunningServer
/** A hook that is added while another runs is never called: what `beforeAll` starts is cleaned up from here. */
const cleanUps: (() => void)[] = []
const later = (cleanUp: () => void) => void cleanUps.push(cleanUp)
afterAll(() => {
  for (const cleanUp of cleanUps.reverse()) cleanUp()
})

beforeAll(async () => {
  files = temporaryDirectory(later)
  dataDir = await sampleLake(undefined, later)
  await recsys('train', '--algo', 'svd', '--factors', '4', '--epochs', '3')
  await recsys('train', '--algo', 'nmf', '--factors', '4', '--epochs', '3')
  await recsys('promote', '--version', '1', '--force')
  server = await startServer(dataDir, later)
})

function recsys(...args: string[]) {
  const where = args.includes('--data-dir') ? [] : ['--data-dir', dataDir]
  return runRecsys([...args, ...where, '--quiet', '--json'])
}

async function expectRefusal(what: string, exitCode: number, code: string, args: string[]): Promise<void> {
  const outcome = await recsys(...args)
  const { error } = JSON.parse(outcome.stdout)
  told.push(`${what}: exit ${outcome.exitCode}, ${error.code ?? 'usage'}: ${error.message.slice(0, 150)}`)
  expect({ exitCode: outcome.exitCode, code: error.code }, error.message).toEqual({ exitCode, code })
  expect(error.remedy).toMatch(/\.$/)
}

describe('files that cannot be ratings are refused and leave no lake', () => {
  const rows = (count: number, row: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => row(at))
  const cases: [what: string, code: string, name: string, text: string, flags: string[]][] = [
    ['an empty file', 'RECSYS_IMPORT_SOURCE', 'empty.csv', '', []],
    [
      'a wrong delimiter',
      'RECSYS_IMPORT_COLUMNS',
      'pipes.csv',
      ['user,item,rating', ...rows(20, (at) => `u${at},i${at},3`)].join('\n'),
      ['--delimiter', ';'],
    ],
    [
      'a missing column',
      'RECSYS_IMPORT_COLUMNS',
      'no-rating.csv',
      ['user,item,when', ...rows(20, (at) => `u${at},i${at},9`)].join('\n'),
      [],
    ],
    [
      'NaN ratings',
      'RECSYS_IMPORT_REJECTED',
      'nan.csv',
      ['user,item,rating', ...rows(20, (at) => `u${at},i${at},${at < 3 ? 'NaN' : 4}`)].join('\n'),
      [],
    ],
  ]
  test.each(cases)('%s', async (what, code, name, text, flags) => {
    writeFileSync(join(files, name), text)
    const lake = join(files, `lake-${name}`)
    await expectRefusal(what, 4, code, [
      'init-tables',
      '--from',
      join(files, name),
      '--data-dir',
      lake,
      ...flags,
    ])
    expect((await recsys('train', '--algo', 'popular', '--data-dir', lake)).exitCode).toBe(4)
  })

  test('a truncated Parquet file', async () => {
    const table = join(dataDir, 'lake/interactions')
    const parquet = readdirSync(table).find((file) => file.endsWith('.parquet')) as string
    const path = join(files, 'cut.parquet')
    copyFileSync(join(table, parquet), path)
    truncateSync(path, 3000)
    const args = ['init-tables', '--from', path, '--data-dir', join(files, 'lake-cut')]
    await expectRefusal('a truncated Parquet file', 4, 'RECSYS_IMPORT_SOURCE', args)
  })

  test('duplicate ids are no error: the latest rating of a pair stays', async () => {
    const path = join(files, 'twice.csv')
    writeFileSync(path, 'user,item,rating,timestamp\nu1,i1,2,100\nu1,i1,5,200\nu2,i1,3,100\n')
    const { stdout, exitCode } = await recsys(
      'init-tables',
      '--from',
      path,
      '--data-dir',
      join(files, 'twice'),
    )
    told.push(`duplicate ids: exit ${exitCode}, the latest of each pair kept and the rest counted`)
    expect(exitCode).toBe(0)
    expect(JSON.stringify(JSON.parse(stdout))).toMatch(/"[^"]*[dD]uplicate[^"]*":1/)
  })
})

test('a corrupted artifact stays out of production', async () => {
  const { artifactPath } = askRegistry(dataDir, (registry) => registry.version('recommender', 2))
  const path = join(dataDir, artifactPath, 'items.arrow')
  const [bytes, sound] = [readFileSync(path), readFileSync(path)]
  bytes[bytes.length >> 1] ^= 1
  writeFileSync(path, bytes)
  await expectRefusal('a corrupted artifact', 4, 'RECSYS_ARTIFACT_CORRUPT', [
    'promote',
    '--version',
    '2',
    '--force',
  ])
  writeFileSync(path, sound)
})

test('a port in use', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => busy.once('listening', resolve))
  const { port } = busy.address() as { port: number }
  await expectRefusal('a port in use', 5, 'RECSYS_PORT_IN_USE', ['serve', '--port', String(port)])
  busy.close()
})

test('a data directory that cannot be written', async () => {
  const path = join(files, 'a-file')
  writeFileSync(path, '')
  const args = ['init-tables', '--data-dir', join(path, 'data')]
  await expectRefusal('an unwritable data directory', 6, 'RECSYS_DATA_DIR_UNWRITABLE', args)
})

test('two promotes at once: one wins', async () => {
  const both = await Promise.all([
    recsys('promote', '--version', '2', '--force'),
    recsys('promote', '--version', '2', '--force'),
  ])
  const exitCodes = both.map(({ exitCode }) => exitCode).sort()
  told.push(`two promotes of one version at once: exits ${exitCodes.join(' and ')}`)
  expect(exitCodes[0]).toBe(0)
  // 5: it found another champion than it had judged; 3: it found the version in production already.
  expect([3, 5]).toContain(exitCodes[1])
})

describe('numbers and names', () => {
  test.each([
    ['evaluate -k 0', ['evaluate', '-k', '0']],
    ['evaluate -k 1000000000', ['evaluate', '-k', '1000000000']],
    ['train --factors 0', ['train', '--algo', 'svd', '--factors', '0']],
    ['a path as a model name', ['train', '--algo', 'popular', '--name', '../../etc/passwd']],
    ['__proto__ as a model name', ['train', '--algo', 'popular', '--name', '__proto__']],
  ])('%s', (what, args) => expectRefusal(what, 2, 'RECSYS_USAGE', args))
})

describe('requests', () => {
  test.each([
    ['k=0', '/recommendations/u1?k=0', 400],
    ['k=1e9', '/recommendations/u1?k=1e9', 400],
    ['k=1000000000', '/recommendations/u1?k=1000000000', 400],
    ['a user id of 10 kB', `/recommendations/${'x'.repeat(10_000)}`, 400],
    ['a path in an item id', '/items/..%2F..%2Fetc%2Fpasswd/similar', 404],
    ['a broken percent sign', '/recommendations/%E0%A4%A', 400],
  ])('%s is a 4xx with code and message', async (what, path, status) => {
    const response = await fetch(server.url + path)
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    told.push(`GET ${what}: ${response.status}, ${error.code}: ${error.message.slice(0, 120)}`)
    expect(response.status, error.message).toBe(status)
    expect(error.message).not.toBe('')
  })

  test.each(['__proto__', 'constructor', '../../etc/passwd'])(
    '%s as a user id is an unknown user',
    async (userId) => {
      const response = await fetch(`${server.url}/recommendations/${encodeURIComponent(userId)}?k=3`)
      const body = (await response.json()) as { known: boolean; items: { source: string }[] }
      told.push(
        `GET user ${userId}: ${response.status}, known ${body.known}, ${body.items.length} trending items`,
      )
      expect(response.status).toBe(200)
      expect(body).toMatchObject({
        known: false,
        items: [{ source: 'trending' }, { source: 'trending' }, { source: 'trending' }],
      })
    },
  )
})
