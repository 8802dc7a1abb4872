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
