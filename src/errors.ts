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
  RECSYS_BUG: kind(1, 500, 'Please report it with the stack.'),
  RECSYS_INTERRUPTED: kind(130, 503, 'Run the command again when you are ready.'),
  RECSYS_ADDON_UNLOADABLE: kind(
    6,
    503,
    'Set XDG_CACHE_HOME to a directory that only you can write to and that may hold programs.',
  ),
  RECSYS_DATA_DIR_UNWRITABLE: kind(6, 503, 'Choose a directory you may write to with --data-dir.'),

  // lake: import, Delta log
  RECSYS_LAKE_QUERY: kind(
    2,
    400,
    'Correct the SQL; the tables are interactions, items, users and events, those that exist.',
  ),
  RECSYS_LAKE_MISSING: kind(4, 503, 'Create the tables with `recsys init-tables`.'),
  RECSYS_LAKE_VERSION: kind(4, 404, 'Leave --lake-version out to use the latest version.'),
  RECSYS_LAKE_EXISTS: kind(5, 409, 'Add rows with --append, or start anew with --overwrite.'),
  RECSYS_LAKE_CONFLICT: kind(5, 409, 'Another writer committed first. Run the command again.'),
  RECSYS_LAKE_CORRUPT: kind(
    4,
    503,
    'Restore the table from a backup, or delete the lake directory and import anew.',
  ),
  RECSYS_LAKE_FEATURE: kind(
    4,
    503,
    'Let the program that wrote the table drop the feature, or export its rows.',
  ),
  RECSYS_IMPORT_SOURCE: kind(4, 400, 'Give --from a ratings file, a MovieLens folder or a glob.'),
  RECSYS_IMPORT_COLUMNS: kind(4, 400, 'Name the columns with --columns user=…,item=…,rating=…,timestamp=….'),
  RECSYS_IMPORT_REJECTED: kind(4, 400, 'Mend the rows, or accept the loss with a higher --max-rejects.'),

  // dataset, models, kernels, workers
  RECSYS_SPLIT_EMPTY: kind(4, 400, 'Import more rows, or hold out a larger share with --split.'),
  RECSYS_SPLIT_LEAK: kind(
    4,
    400,
    'Score on rows that the model has not learnt from: its own split and lake version, or a new training.',
  ),
  RECSYS_SPLIT_FILE: kind(4, 400, 'Name rows that are in the lake: user and item in the first two columns.'),
  RECSYS_PAIR_FILE: kind(
    4,
    400,
    'Give a text file with user and item in the first two columns of every line.',
  ),
  RECSYS_MEMORY: kind(6, 503, 'Use fewer factors, fewer rows or a machine with more memory.'),
  RECSYS_KERNEL_FAILED: kind(1, 500, 'Run the command again, and report it when it happens twice.'),
  RECSYS_FIT_DIVERGED: kind(4, 400, 'Bring the ratings to a smaller scale, or train with a higher --reg.'),
  RECSYS_MODEL_SHAPE: kind(4, 503, 'Train the model again.'),

  // artifacts
  RECSYS_ARTIFACT_MISSING: kind(4, 503, 'Train the model again, or restore its directory from a backup.'),
  RECSYS_ARTIFACT_CORRUPT: kind(4, 503, 'Train the model again, or restore its directory from a backup.'),
  RECSYS_ARTIFACT_VERSION: kind(4, 503, 'Use the version of recsys that wrote the model, or train it again.'),
  RECSYS_ARTIFACT_INVALID: kind(4, 500, 'Train with other parameters; nothing was written.'),
  RECSYS_CHECKPOINT_MISSING: kind(
    4,
    404,
    'Train anew; --checkpoint-every writes what --resume goes on from.',
  ),
  RECSYS_CHECKPOINT_CORRUPT: kind(4, 503, 'Train anew without --resume.'),
  RECSYS_ARTIFACT_EXISTS: kind(5, 409, 'Move the directory away, or train under a new run.'),

  // registry, promotion
  RECSYS_REGISTRY_MISSING: kind(4, 503, 'Train a model first with `recsys train`.'),
  RECSYS_REGISTRY_LOCKED: kind(5, 503, 'Wait until the other recsys command is done, then try again.'),
  RECSYS_REGISTRY_CORRUPT: kind(
    4,
    503,
    'Restore registry.db from a backup, or move it away and train again.',
  ),
  RECSYS_REGISTRY_VERSION: kind(4, 503, 'Use the version of recsys that wrote the registry, or a newer one.'),
  RECSYS_REGISTRY_CONFLICT: kind(5, 409, 'Somebody else moved a version meanwhile. Run the command again.'),
  RECSYS_PROMOTION_REFUSED: kind(
    3,
    409,
    'Train a better model, lower --min-gain, or use --force and answer for it.',
  ),
  RECSYS_POLICY_INVALID: kind(4, 400, 'Mend the file, or name another one with --policy.'),
  RECSYS_NOTHING_TO_ROLL_BACK_TO: kind(
    4,
    409,
    'See `recsys models history`; promote the version you want with --version.',
  ),
  RECSYS_LOAD_TEST_MISMATCH: kind(
    4,
    409,
    'Put the version behind a server, load that server, and attach the report to the same version.',
  ),
  RECSYS_RUN_UNKNOWN: kind(4, 404, 'List the runs with `recsys runs list`.'),
  RECSYS_VERSION_UNKNOWN: kind(4, 404, 'List the versions with `recsys models list`.'),

  // metrics, training, evaluation
  RECSYS_NOT_REPRODUCED: kind(
    3,
    409,
    'Look at what differs: another version of recsys or Node, another machine, or files that were changed.',
  ),
  RECSYS_TUNE_FAILED: kind(
    4,
    400,
    'Search elsewhere with --space, or train one setting to see what is wrong.',
  ),
  RECSYS_RUN_NO_STUDY: kind(4, 400, 'Resume a run of `recsys tune`; `recsys runs list` shows them.'),

  // flows, schedules, webhooks
  RECSYS_FLOW_INVALID: kind(
    4,
    400,
    'Mend the flow; `recsys flow run FILE --dry-run` checks it and runs nothing.',
  ),
  RECSYS_FLOW_LOCKED: kind(
    5,
    409,
    'Wait until it is done, or end it with `recsys flow cancel RUN`; `recsys flow list` shows it.',
  ),
  RECSYS_FLOW_FAILED: kind(
    4,
    409,
    'See `recsys flow show RUN --logs`; when the cause is mended, `--resume RUN` goes on without repeating what succeeded.',
  ),
  RECSYS_FLOW_RUN_UNKNOWN: kind(4, 404, 'List the runs of flows with `recsys flow list`.'),
  RECSYS_SCHEDULE_UNKNOWN: kind(4, 404, 'List the schedules with `recsys schedule list`.'),
  RECSYS_SCHEDULE_EXISTS: kind(5, 409, 'Choose another --name, or remove that schedule first.'),
  RECSYS_WEBHOOK_UNKNOWN: kind(4, 404, 'List the webhooks with `recsys webhooks list`.'),
  RECSYS_WEBHOOK_REFUSED: kind(
    6,
    503,
    'Look at what the receiver says, and send it again with `recsys webhooks test ID`.',
  ),

  // serving
  RECSYS_HTTP_INVALID: kind(4, 400, 'Correct the field; /openapi.json says what each one accepts.'),
  RECSYS_HTTP_MALFORMED: kind(4, 400, 'Send a well-formed HTTP request, with a JSON object as its body.'),
  RECSYS_HTTP_NOT_FOUND: kind(4, 404, 'See /openapi.json for the routes.'),
  RECSYS_HTTP_METHOD: kind(4, 405, 'Use a method that the Allow header names.'),
  RECSYS_HTTP_TIMEOUT: kind(4, 408, 'Send the whole request within the time limit.'),
  RECSYS_HTTP_TOO_LARGE: kind(4, 413, 'Send a smaller body, or several requests.'),
  RECSYS_HTTP_MEDIA_TYPE: kind(4, 415, 'Send JSON with the header `content-type: application/json`.'),
  RECSYS_HTTP_HEADERS_TOO_LARGE: kind(4, 431, 'Send a shorter address and fewer headers.'),
  RECSYS_HTTP_INTERNAL: kind(1, 500, 'Report it with the request id from the X-Request-Id header.'),
  RECSYS_MODEL_NOT_SERVED: kind(4, 404, 'GET /health names the model and the version in service.'),
  RECSYS_KEY_UNKNOWN: kind(4, 404, 'See `recsys keys list` for the ids of keys.'),
  RECSYS_KEY_UNAUTHORIZED: kind(
    4,
    401,
    'Send the header `authorization: Bearer <key>`; `recsys keys create` makes one.',
  ),
  RECSYS_KEY_FORBIDDEN: kind(4, 403, 'Use a key with that scope; `recsys keys create --scope` makes one.'),
  RECSYS_HTTP_RATE_LIMITED: kind(
    6,
    429,
    'Send fewer requests a second; the Retry-After header says when the next one is welcome.',
  ),
  RECSYS_OVERLOADED: kind(6, 503, 'Send the request again after the time in the Retry-After header.'),
  RECSYS_EVENT_KEY_REUSED: kind(4, 422, 'Send other events with another Idempotency-Key.'),
  RECSYS_EVENTS_UNAVAILABLE: kind(
    6,
    503,
    "Send the events again, with the same ids; the server's log says what is wrong.",
  ),
  RECSYS_USER_UNKNOWN: kind(4, 404, 'Take the id of a user with interactions from before the training.'),
  RECSYS_ITEM_UNKNOWN: kind(4, 404, 'Take an item id that a recommendation has named.'),
  RECSYS_ADMIN_UNAUTHORIZED: kind(4, 401, 'Send the header `authorization: Bearer <RECSYS_ADMIN_TOKEN>`.'),
  RECSYS_ADMIN_FORBIDDEN: kind(
    4,
    403,
    'Start the server with RECSYS_ADMIN_TOKEN and send it as a bearer token, or ask from the machine itself.',
  ),
  RECSYS_NOT_READY: kind(6, 503, 'Try again in a moment; /health/ready says what the server waits for.'),
  RECSYS_PORT_IN_USE: kind(5, 503, 'Stop the program that listens there, or choose another --port.'),
  RECSYS_HOST_UNAVAILABLE: kind(6, 503, 'Choose an address of this machine with --host.'),
  RECSYS_PORT_FORBIDDEN: kind(6, 503, 'Choose a port above 1023 with --port.'),
  RECSYS_MODEL_UNFIT: kind(4, 503, 'Train the model again; the one in service stays.'),
  RECSYS_THREAD_DIED: kind(1, 503, 'Report it with the log lines before it.'),

  // load test
  RECSYS_LOAD_GENERATOR_LIMIT: kind(
    3,
    500,
    'Ask for less load, or share it between several machines and merge their reports; nothing is judged by this run.',
  ),
  RECSYS_LOAD_GOAL_MISSED: kind(
    3,
    500,
    'Look at the report for what was slow or failed, or set other goals with --goal.',
  ),
  RECSYS_TARGET_UNREACHABLE: kind(
    6,
    503,
    'Start the server with `recsys serve`, or name another one with --url.',
  ),
  RECSYS_TARGET_TLS: kind(
    6,
    503,
    'Trust its authority with --ca FILE, or in a test any certificate with --insecure.',
  ),
  RECSYS_TARGET_REDIRECTS: kind(4, 400, 'Load the server that answers; redirects are never followed.'),
  RECSYS_SCENARIO_INVALID: kind(4, 400, 'Mend the scenario; `recsys loadtest init` writes one that runs.'),
  RECSYS_SCENARIO_SETUP: kind(
    6,
    503,
    'Make the server answer the steps under setup and teardown as their checks expect, or mend the steps.',
  ),
  RECSYS_SCENARIO_NOT_EXPORTABLE: kind(
    4,
    400,
    'Declare the request and its checks, as in a YAML scenario, or load with recsys itself.',
  ),
  RECSYS_LOAD_REPORT_INVALID: kind(
    4,
    400,
    'Give JSON reports that `recsys loadtest --report FILE.json` wrote.',
  ),
  RECSYS_LOAD_SLOWER: kind(
    3,
    409,
    'See which requests got slower, and look for the cause in what was changed between the runs.',
  ),
  RECSYS_FEED_UNREADABLE: kind(4, 400, 'Give a Parquet file that other programs can read too.'),
  RECSYS_HAR_UNREADABLE: kind(4, 400, 'Save the recording in the browser as HAR, with content.'),
  RECSYS_FILE_EXISTS: kind(5, 409, 'Name another file, or remove this one first.'),
  RECSYS_FILE_UNWRITABLE: kind(6, 500, 'Name a file in a directory you may write to.'),
  RECSYS_USER_IDS_UNREADABLE: kind(4, 400, 'Give a text file with one user id a line.'),
  RECSYS_REPORT_UNWRITABLE: kind(6, 500, 'Give --report a file in a directory you may write to.'),
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
