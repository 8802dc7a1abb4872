import { expect, test } from 'vitest'
import { type ErrorCode, errorCatalogue, RecsysError } from '../src/errors.ts'

test('every error of the catalogue has a remedy that is a sentence', () => {
  for (const [code, kind] of Object.entries(errorCatalogue)) {
    expect(code).toMatch(/^RECSYS_[A-Z_]+$/)
    expect(kind.remedy, code).toMatch(/^[A-Z].*\.$/)
  }
})

test('an error takes exit code, status and remedy from the catalogue unless it brings a better remedy', () => {
  const code: ErrorCode = 'RECSYS_LAKE_MISSING'
  const plain = new RecsysError(code, { message: 'no tables' })
  expect(plain).toMatchObject({ code, exitCode: 4, httpStatus: 503, remedy: errorCatalogue[code].remedy })
  expect(new RecsysError(code, { message: 'no tables', remedy: 'Look there.' }).remedy).toBe('Look there.')
})
