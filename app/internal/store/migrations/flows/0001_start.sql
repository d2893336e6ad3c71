-- Where devices talk. Rows here may be purged and, after damage, begun anew.
-- Times are integer milliseconds since 1970, hours are counted since 1970.

CREATE TABLE migration(
  version INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  at      INTEGER NOT NULL
) STRICT;

CREATE TABLE device(
  n  INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE
) STRICT;

-- What a row of traffic is about, once, so that the rows are small.
CREATE TABLE route(
  n        INTEGER PRIMARY KEY,
  domain   TEXT NOT NULL,
  address  TEXT NOT NULL,
  protocol TEXT NOT NULL,
  port     INTEGER NOT NULL,
  source   TEXT NOT NULL,
  refused  INTEGER NOT NULL,
  day      INTEGER NOT NULL, -- last used, in days since 1970
  UNIQUE(domain, address, protocol, port, source, refused)
) STRICT;
CREATE INDEX route_day ON route(day);

-- Clustered by device and time. span is last - first.
CREATE TABLE flow(
  device INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  route  INTEGER NOT NULL,
  span   INTEGER NOT NULL,
  up     INTEGER NOT NULL,
  down   INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  PRIMARY KEY(device, last, route)
) STRICT, WITHOUT ROWID;

-- The roll-up, kept in the transaction that writes flow. first and last are
-- milliseconds from the start of the hour; first may lie before it.
CREATE TABLE hourly(
  device INTEGER NOT NULL,
  hour   INTEGER NOT NULL,
  route  INTEGER NOT NULL,
  up     INTEGER NOT NULL,
  down   INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  PRIMARY KEY(device, hour, route)
) STRICT, WITHOUT ROWID;

-- Where each observer goes on; written with the rows that it follows.
CREATE TABLE place(
  source TEXT PRIMARY KEY,
  cursor BLOB NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
