import { defineConfig } from 'vitest/config'

const slow = '**/*.slow.test.ts'
const integration = '**/*.integration.test.ts'

/** A test file's marker is in its name; `test/e2e` starts whole programs. */
export default defineConfig({
  test: {
    globalSetup: 'test/helpers/global-setup.ts',
    maxWorkers: 2,
    // oclif prints with console.log: tests read it from process.stdout.
    disableConsoleIntercept: true,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'commands/**/*.ts'],
      exclude: ['src/kernels/assembly/**', 'src/kernels/build.ts', '**/types.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 85 },
    },
    projects: [
      project('unit', ['test/**/*.test.ts'], ['test/e2e/**', 'test/smoke/**', slow, integration], 20_000),
      project('integration', [`test/${integration}`], [], 120_000),
      project('smoke', ['test/smoke/**/*.test.ts'], [], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], [], 300_000),
      project('slow', [`test/${slow}`], [], 900_000),
    ],
  },
})

function project(name: string, include: string[], exclude: string[], testTimeout: number) {
  return { extends: true as const, test: { name, include, exclude, testTimeout, hookTimeout: testTimeout } }
}
