import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { doorbellPath, ringDoorbell } from '../../src/registry/doorbell.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

test('the last ring is what is read, and nothing but the doorbell stays', () => {
  const dataDir = temporaryDirectory()
  ringDoorbell(dataDir, { name: 'films', version: 1 })
  ringDoorbell(dataDir, { name: 'films', version: 2 })
  expect(JSON.parse(readFileSync(doorbellPath(dataDir), 'utf8'))).toMatchObject({ name: 'films', version: 2 })
  expect(readdirSync(dataDir)).toEqual(['production.json'])
  expect(doorbellPath(dataDir)).toBe(join(dataDir, 'production.json'))
})

test('ringing twice for the same version is another file: a watcher sees it', () => {
  const dataDir = temporaryDirectory()
  ringDoorbell(dataDir, { name: 'films', version: 1 })
  const before = readFileSync(doorbellPath(dataDir), 'utf8')
  expect(JSON.parse(before)).toMatchObject({ name: 'films', version: 1, at: expect.stringMatching(/Z$/) })
})

test('a bell that cannot be rung is no failure: the registry holds the truth', () => {
  const dataDir = temporaryDirectory()
  mkdirSync(doorbellPath(dataDir))
  ringDoorbell(dataDir, { name: 'films', version: 1 })
  ringDoorbell(join(dataDir, 'nowhere'), { name: 'films', version: 1 })
  expect(readdirSync(dataDir)).toEqual(['production.json'])
})
