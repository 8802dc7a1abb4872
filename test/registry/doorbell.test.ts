import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { doorbellPath, readDoorbell, ringDoorbell } from '../../src/registry/doorbell.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

test('the last ring is what is read, and nothing but the doorbell stays', () => {
  const dataDir = temporaryDirectory()
  expect(readDoorbell(dataDir)).toBeUndefined()
  ringDoorbell(dataDir, { name: 'films', version: 1 })
  ringDoorbell(dataDir, { name: 'films', version: 2 })
  expect(readDoorbell(dataDir)).toEqual({ name: 'films', version: 2 })
  expect(readdirSync(dataDir)).toEqual(['production.json'])
  expect(doorbellPath(dataDir)).toBe(join(dataDir, 'production.json'))
})

test('ringing twice for the same version is another file: a watcher sees it', () => {
  const dataDir = temporaryDirectory()
  ringDoorbell(dataDir, { name: 'films', version: 1 })
  const before = readFileSync(doorbellPath(dataDir), 'utf8')
  expect(JSON.parse(before)).toMatchObject({ name: 'films', version: 1, at: expect.stringMatching(/Z$/) })
})

test.each([
  '',
  '{',
  'null',
  '[]',
  '7',
  '{"name":1,"version":1}',
  '{"name":"a","version":"1"}',
  '\0\0',
  '{"name":"a"}',
])('garbage at the door, %j, is no ring', (text) => {
  const dataDir = temporaryDirectory()
  writeFileSync(doorbellPath(dataDir), text)
  expect(readDoorbell(dataDir)).toBeUndefined()
})

test('a bell that cannot be rung is no failure: the registry holds the truth', () => {
  const dataDir = temporaryDirectory()
  mkdirSync(doorbellPath(dataDir))
  ringDoorbell(dataDir, { name: 'films', version: 1 })
  ringDoorbell(join(dataDir, 'nowhere'), { name: 'films', version: 1 })
  expect(readDoorbell(dataDir)).toBeUndefined()
  expect(readdirSync(dataDir)).toEqual(['production.json'])
})
