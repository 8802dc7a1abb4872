import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'

/** Step n brings a registry from version n to n + 1; a step that has shipped is never changed. */
const steps: readonly string[] = [
  `
  CREATE TABLE runs (
    run_id TEXT PRIMARY KEY CHECK (length(run_id) = 12),
    algorithm TEXT NOT NULL,
    params TEXT NOT NULL CHECK (json_valid(params)),
    seed INTEGER NOT NULL,
    split TEXT NOT NULL,
    lake_version INTEGER NOT NULL,
    program_version TEXT NOT NULL,
    node_version TEXT NOT NULL,
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'killed')),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    split_fingerprint TEXT,
    metrics TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metrics)),
    durations_ms TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(durations_ms)),
    error TEXT,
    process TEXT NOT NULL,
    CHECK ((status = 'running') = (finished_at IS NULL))
  ) STRICT;

  CREATE TABLE epochs (
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    epoch INTEGER NOT NULL,
    metric TEXT NOT NULL,
    value REAL,
    PRIMARY KEY (run_id, epoch, metric)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE versions (
    name TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    run_id TEXT NOT NULL UNIQUE REFERENCES runs (run_id),
    stage TEXT NOT NULL DEFAULT 'none' CHECK (stage IN ('none', 'staging', 'production', 'archived')),
    artifact_path TEXT NOT NULL,
    manifest_sha256 TEXT NOT NULL CHECK (length(manifest_sha256) = 64),
    created_at TEXT NOT NULL,
    PRIMARY KEY (name, version)
  ) STRICT;

  CREATE UNIQUE INDEX one_in_production ON versions (name) WHERE stage = 'production';
  CREATE UNIQUE INDEX one_in_staging ON versions (name) WHERE stage = 'staging';

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('promote', 'refuse', 'force', 'rollback', 'archive')),
    stage TEXT NOT NULL,
    version INTEGER NOT NULL,
    previous_version INTEGER,
    reason TEXT NOT NULL,
    figures TEXT NOT NULL CHECK (json_valid(figures)),
    FOREIGN KEY (name, version) REFERENCES versions (name, version)
  ) STRICT;

  CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
  `,
  `
  ALTER TABLE runs ADD COLUMN held_out TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(held_out));
  `,
  `
  ALTER TABLE runs ADD COLUMN parent_run_id TEXT REFERENCES runs (run_id);
  ALTER TABLE runs ADD COLUMN job TEXT CHECK (json_valid(job));
  CREATE INDEX runs_by_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;

  ALTER TABLE audit ADD COLUMN clauses TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(clauses));

  CREATE TABLE load_tests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    figures TEXT NOT NULL CHECK (json_valid(figures)),
    report TEXT NOT NULL CHECK (json_valid(report)),
    FOREIGN KEY (name, version) REFERENCES versions (name, version)
  ) STRICT;
  CREATE INDEX load_tests_by_version ON load_tests (name, version);
  `,
  `
  CREATE TABLE api_keys (
    id TEXT PRIMARY KEY CHECK (length(id) = 12),
    label TEXT NOT NULL,
    scopes TEXT NOT NULL CHECK (json_valid(scopes)),
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    created_at TEXT NOT NULL,
    revoked_at TEXT
  ) STRICT;
  `,
  `
  CREATE TABLE trials (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('canary', 'shadow')),
    share REAL NOT NULL CHECK (share > 0 AND share <= 1),
    started_at TEXT NOT NULL,
    FOREIGN KEY (name, version) REFERENCES versions (name, version)
  ) STRICT;

  DROP TRIGGER audit_keeps_rows;
  DROP TRIGGER audit_keeps_words;
  CREATE TABLE audit_with_trials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN
      ('promote', 'refuse', 'force', 'rollback', 'archive', 'canary', 'shadow', 'end-trial')),
    stage TEXT NOT NULL,
    version INTEGER NOT NULL,
    previous_version INTEGER,
    reason TEXT NOT NULL,
    figures TEXT NOT NULL CHECK (json_valid(figures)),
    clauses TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(clauses)),
    FOREIGN KEY (name, version) REFERENCES versions (name, version)
  ) STRICT;
  INSERT INTO audit_with_trials
    SELECT id, at, name, action, stage, version, previous_version, reason, figures, clauses FROM audit;
  DROP TABLE audit;
  ALTER TABLE audit_with_trials RENAME TO audit;
  CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
  `,
  `
  ALTER TABLE runs ADD COLUMN once_key TEXT;
  ALTER TABLE runs ADD COLUMN artifact_path TEXT;
  ALTER TABLE runs ADD COLUMN manifest_sha256 TEXT;
  ALTER TABLE runs ADD COLUMN report TEXT CHECK (json_valid(report));
  CREATE UNIQUE INDEX one_finished_run_a_key ON runs (once_key) WHERE once_key IS NOT NULL AND status = 'finished';
  CREATE INDEX runs_by_start ON runs (started_at, run_id);
  CREATE INDEX runs_running ON runs (run_id) WHERE status = 'running';

  ALTER TABLE audit ADD COLUMN once_key TEXT;
  CREATE INDEX audit_by_key ON audit (once_key) WHERE once_key IS NOT NULL;
  CREATE INDEX load_tests_by_time ON load_tests (at);

  CREATE TABLE flow_runs (
    flow_run_id TEXT PRIMARY KEY CHECK (length(flow_run_id) = 12),
    flow TEXT NOT NULL,
    lock TEXT,
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    params TEXT NOT NULL CHECK (json_valid(params)),
    cause TEXT NOT NULL,
    parent_flow_run_id TEXT REFERENCES flow_runs (flow_run_id),
    state TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'cancelled', 'crashed')),
    message TEXT,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    cancel_asked_at TEXT,
    program_version TEXT NOT NULL,
    process TEXT NOT NULL,
    CHECK ((state = 'running') = (finished_at IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX one_running_flow_a_lock ON flow_runs (lock) WHERE state = 'running' AND lock IS NOT NULL;
  CREATE INDEX flow_runs_by_start ON flow_runs (started_at, flow_run_id);

  CREATE TABLE task_runs (
    flow_run_id TEXT NOT NULL REFERENCES flow_runs (flow_run_id) ON DELETE CASCADE,
    task TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN
      ('pending', 'running', 'retrying', 'succeeded', 'failed', 'cached', 'skipped', 'cancelled', 'crashed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    started_at TEXT,
    finished_at TEXT,
    cache_key TEXT,
    cached_from TEXT,
    result TEXT CHECK (json_valid(result)),
    message TEXT,
    PRIMARY KEY (flow_run_id, task)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX task_runs_by_cache_key ON task_runs (cache_key) WHERE cache_key IS NOT NULL;

  CREATE TABLE task_attempts (
    flow_run_id TEXT NOT NULL,
    task TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'skipped', 'timed out', 'cancelled', 'crashed')),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    exit_code INTEGER,
    message TEXT,
    wait_ms INTEGER,
    process TEXT,
    PRIMARY KEY (flow_run_id, task, attempt),
    FOREIGN KEY (flow_run_id, task) REFERENCES task_runs (flow_run_id, task) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE task_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    flow_run_id TEXT NOT NULL REFERENCES flow_runs (flow_run_id) ON DELETE CASCADE,
    task TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at TEXT NOT NULL,
    stream TEXT NOT NULL CHECK (stream IN ('stdout', 'stderr', 'flow')),
    line TEXT NOT NULL
  ) STRICT;
  CREATE INDEX task_logs_by_flow_run ON task_logs (flow_run_id, id);

  CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    command TEXT NOT NULL CHECK (json_valid(command)),
    condition TEXT,
    missed TEXT NOT NULL CHECK (missed IN ('skip', 'once', 'all')),
    overlap TEXT NOT NULL CHECK (overlap IN ('skip', 'queue', 'replace')),
    created_at TEXT NOT NULL,
    paused_at TEXT,
    next_due_at TEXT,
    last_due_at TEXT
  ) STRICT;

  CREATE TABLE firings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule TEXT NOT NULL REFERENCES schedules (name) ON DELETE CASCADE,
    due_at TEXT NOT NULL,
    at TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('queued', 'started', 'finished', 'failed', 'overlapped', 'missed', 'not needed')),
    note TEXT,
    flow_run_id TEXT,
    process TEXT,
    UNIQUE (schedule, due_at)
  ) STRICT;

  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY CHECK (length(id) = 12),
    url TEXT NOT NULL,
    events TEXT NOT NULL CHECK (json_valid(events)),
    secret TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    created_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT,
    delivered_at TEXT,
    last_error TEXT
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
  `,
]

/** Brings the registry to our version, in one transaction. @throws RECSYS_REGISTRY_VERSION for one that is newer */
export function migrate(db: Database): void {
  const migrateInTurn = db.transaction(() => {
    for (let version = versionOf(db); version < steps.length; version++) {
      db.exec(steps[version])
      db.pragma(`user_version = ${version + 1}`)
    }
  })
  requireKnownVersion(db)
  if (versionOf(db) < steps.length) migrateInTurn.immediate()
}

/** @throws RECSYS_REGISTRY_VERSION */
export function requireKnownVersion(db: Database): void {
  const version = versionOf(db)
  if (version <= steps.length) return
  throw new RecsysError('RECSYS_REGISTRY_VERSION', {
    message: `the registry has schema version ${version}, expected at most ${steps.length}`,
  })
}

export function isEmpty(db: Database): boolean {
  return versionOf(db) === 0
}

function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number
}
