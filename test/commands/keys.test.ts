import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import KeysCreate from '../../commands/keys/create.ts'
import KeysList from '../../commands/keys/list.ts'
import KeysRevoke from '../../commands/keys/revoke.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'

test('a key is shown once, kept as a digest only, listed and revoked', async () => {
  const dataDir = temporaryDirectory()
  const created = await runCommand(KeysCreate, [
    '--label',
    'web',
    '--scope',
    'events',
    '--data-dir',
    dataDir,
    '--json',
  ])
  const { key, id, scopes } = JSON.parse(created.stdout)
  expect(scopes).toEqual(['events'])
  for (const file of readdirSync(dataDir)) {
    expect(readFileSync(join(dataDir, file), 'latin1')).not.toContain(key.slice(-43))
  }
  const listed = await runCommand(KeysList, ['--data-dir', dataDir, '--json'])
  expect(listed.stdout).not.toContain('sha256')
  expect(JSON.parse(listed.stdout).keys).toMatchObject([
    { id, label: 'web', scopes: ['events'], revokedAt: null },
  ])
  const revoked = await runCommand(KeysRevoke, [id, '--data-dir', dataDir, '--json'])
  expect(JSON.parse(revoked.stdout)).toMatchObject({ id, changed: true, revokedAt: expect.any(String) })
  const again = await runCommand(KeysRevoke, [id, '--data-dir', dataDir])
  expect(again.stdout).toBe(`${id} was revoked already\n`)
})

test('a key that is not there cannot be revoked, and a scope has to be one', async () => {
  const dataDir = temporaryDirectory()
  await runCommand(KeysCreate, ['--label', 'web', '--data-dir', dataDir])
  const unknown = await runCommand(KeysRevoke, ['000000000000', '--data-dir', dataDir])
  expect(unknown).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('RECSYS_KEY_UNKNOWN') })
  const wrong = await runCommand(KeysCreate, ['--label', 'x', '--scope', 'all', '--data-dir', dataDir])
  expect(wrong.exitCode).toBe(2)
})
