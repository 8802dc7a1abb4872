/**
 * The catalogue of errors. A code carries what a script needs (exit code), what an HTTP client needs (status)
 * and what a person needs (a remedy). Messages say what, what was got and what was expected.
 *
 * Exit codes: 0 done, 1 a bug, 2 usage, 3 a gate or goal was not met, 4 bad data or input,
 * 5 conflict or locked, 6 something outside is unavailable, 130 interrupted.
 */
export interface ErrorKind {
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 6 | 130
  readonly httpStatus: number
  /** What to do next, when the place that throws knows nothing better. */
  readonly remedy: string
}

function kind(exitCode: ErrorKind['exitCode'], httpStatus: number, remedy: string): ErrorKind {
  return { exitCode, httpStatus, remedy }
}

export const errorCatalogue = {
  // general
  RECSYS_USAGE: kind(2, 400, 'Run the command with --help to see what it accepts.'),
  RECSYS_INTERRUPTED: kind(130, 503, 'Run the command again when you are ready.'),
  RECSYS_DATA_DIR_UNWRITABLE: kind(6, 503, 'Choose a directory you may write to with --data-dir.'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorCatalogue

export interface ErrorDetails {
  readonly message: string
  /** Replaces the catalogue's remedy where the place that throws knows better. */
  readonly remedy?: string
  /** The flag, column or body field at fault. */
  readonly field?: string
  readonly cause?: unknown
  /** Figures for `--json` and the audit trail. */
  readonly data?: Record<string, unknown>
}

/** An error that we expected could happen. Anything else that is thrown is a bug and exits 1 with its stack. */
export class RecsysError extends Error {
  readonly code: ErrorCode
  readonly exitCode: number
  readonly httpStatus: number
  readonly remedy: string
  readonly field: string | undefined
  readonly data: Record<string, unknown> | undefined

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    const { exitCode, httpStatus, remedy } = errorCatalogue[code]
    this.name = 'RecsysError'
    this.code = code
    this.exitCode = exitCode
    this.httpStatus = httpStatus
    this.remedy = details.remedy ?? remedy
    this.field = details.field
    this.data = details.data
  }
}
