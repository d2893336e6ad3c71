-- What was decided, done and seen. Times are integer milliseconds since 1970,
-- NULL for never. Bodies are JSON; the columns beside them are there to be
-- searched. sum covers every other column of its row.

CREATE TABLE migration(
  version INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  at      INTEGER NOT NULL
) STRICT;

CREATE TABLE device(
  id   TEXT PRIMARY KEY,
  seen INTEGER,
  body TEXT NOT NULL,
  sum  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Entries that a person found to be one device: gone is read as keep.
CREATE TABLE device_alias(
  gone TEXT PRIMARY KEY,
  keep TEXT NOT NULL,
  sum  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Pairs that a person found to be two devices, the smaller id first.
CREATE TABLE device_distinct(
  a TEXT NOT NULL,
  b TEXT NOT NULL,
  PRIMARY KEY(a, b)
) STRICT, WITHOUT ROWID;

CREATE TABLE question(
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every version ever decided; rows are added and never changed.
CREATE TABLE consent_version(
  id      TEXT NOT NULL,
  version INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  body    TEXT NOT NULL,
  sum     BLOB NOT NULL,
  PRIMARY KEY(id, version)
) STRICT, WITHOUT ROWID;

-- The newest version of each, with the third axis, which moves by itself.
CREATE TABLE consent(
  id      TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  device  TEXT NOT NULL,
  decided TEXT NOT NULL,
  due_at  INTEGER,
  seen    TEXT NOT NULL,
  seen_at INTEGER,
  seen_by TEXT NOT NULL,
  body    TEXT NOT NULL,
  sum     BLOB NOT NULL
) STRICT;
CREATE INDEX consent_due ON consent(due_at)
  WHERE decided IN ('given', 'renewed') AND due_at IS NOT NULL;
CREATE INDEX consent_device ON consent(device);

-- The outbox. person is 1 for what somebody clicked and waits for.
CREATE TABLE action(
  n         INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  state     TEXT NOT NULL,
  person    INTEGER NOT NULL,
  device    TEXT NOT NULL,
  consent   TEXT NOT NULL,
  mark      TEXT NOT NULL,
  due_at    INTEGER,
  retry_at  INTEGER,
  verify_at INTEGER,
  finished  INTEGER,
  body      TEXT NOT NULL,
  sum       BLOB NOT NULL
) STRICT;
CREATE INDEX action_pending ON action(person DESC, due_at) WHERE state = 'pending';
CREATE INDEX action_retry ON action(retry_at, person, due_at) WHERE state IN ('waiting', 'stuck');
CREATE INDEX action_verify ON action(verify_at) WHERE state = 'done' AND verify_at IS NOT NULL;
CREATE INDEX action_state ON action(state);
CREATE INDEX action_mark ON action(mark, n);
CREATE INDEX action_device ON action(device, n);
CREATE INDEX action_consent ON action(consent, n) WHERE consent <> '';

-- The diary: every column but hash is covered by hash, see consent/ledger.
CREATE TABLE diary(
  seq       INTEGER PRIMARY KEY,
  format    INTEGER NOT NULL,
  time      INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  device    TEXT NOT NULL,
  consent   TEXT NOT NULL,
  action    TEXT NOT NULL,
  text_hash TEXT NOT NULL,
  prev      TEXT NOT NULL,
  hash      TEXT NOT NULL
) STRICT;
CREATE INDEX diary_device ON diary(device, seq) WHERE device <> '';
CREATE INDEX diary_consent ON diary(consent, seq) WHERE consent <> '';

-- The erasable half of an entry.
CREATE TABLE diary_text(
  seq    INTEGER PRIMARY KEY,
  salt   BLOB NOT NULL,
  text   TEXT NOT NULL,
  erased INTEGER NOT NULL
) STRICT;

CREATE TABLE connection(
  id      TEXT PRIMARY KEY,
  created INTEGER,
  body    TEXT NOT NULL,
  sum     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE grant_seen(
  connection TEXT NOT NULL,
  id         TEXT NOT NULL,
  device     TEXT NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY(connection, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grant_device ON grant_seen(device);

-- Sealed values: no key, no secret.
CREATE TABLE secret(
  ref    TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setting(
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Readings of the wall clock beside the clock that counts sleep.
CREATE TABLE clock(
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  wall    INTEGER NOT NULL,
  boot    INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  source  TEXT NOT NULL
) STRICT;

-- What the newest decisions changed, so that they can be taken back.
CREATE TABLE undo(
  n    INTEGER PRIMARY KEY AUTOINCREMENT,
  at   INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- Rows that could not be believed. They stay where they were and are left out.
CREATE TABLE quarantine(
  place  TEXT NOT NULL,
  key    TEXT NOT NULL,
  reason TEXT NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY(place, key)
) STRICT, WITHOUT ROWID;
