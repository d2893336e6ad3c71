-- Every row proves itself: SQLite's own checks miss a turned bit in a number.
-- The proof is a remainder by a prime, kept by SQLite whenever a row is
-- written: whichever single bit of a column turns, and whichever that of the
-- proof itself, the two no longer fit. Words are proved by a checksum that the
-- program fills in.

CREATE TABLE device_4(
  n   INTEGER PRIMARY KEY,
  id  TEXT NOT NULL UNIQUE,
  sum BLOB NOT NULL
) STRICT;
INSERT INTO device_4 SELECT n, id, x'' FROM device;
DROP TABLE device;
ALTER TABLE device_4 RENAME TO device;

CREATE TABLE route_4(
  n          INTEGER PRIMARY KEY,
  domain     TEXT NOT NULL,
  address    TEXT NOT NULL,
  protocol   TEXT NOT NULL,
  port       INTEGER NOT NULL,
  source     TEXT NOT NULL,
  refused    INTEGER NOT NULL,
  categories TEXT NOT NULL, -- words, sorted, with commas
  day        INTEGER NOT NULL, -- last used, in days since 1970
  sum        BLOB NOT NULL, -- of all but n and day
  proof      INTEGER GENERATED ALWAYS AS ((n % 65521 * 3 + day % 65521 * 5) % 65521 - 32760) STORED,
  UNIQUE(domain, address, protocol, port, source, refused, categories)
) STRICT;
INSERT INTO route_4(n, domain, address, protocol, port, source, refused, categories, day, sum)
  SELECT n, domain, address, protocol, port, source, refused, categories, day, x'' FROM route;
DROP TABLE route;
ALTER TABLE route_4 RENAME TO route;
CREATE INDEX route_day ON route(day);

CREATE TABLE flow_4(
  device INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  route  INTEGER NOT NULL,
  span   INTEGER NOT NULL,
  up     INTEGER NOT NULL,
  down   INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  proof  INTEGER GENERATED ALWAYS AS ((device % 65521 * 3 + last % 65521 * 5 + route % 65521 * 7 + span % 65521 * 11
    + up % 65521 * 13 + down % 65521 * 17 + n % 65521 * 19) % 65521 - 32760) STORED,
  PRIMARY KEY(device, last, route)
) STRICT, WITHOUT ROWID;
INSERT INTO flow_4(device, last, route, span, up, down, n) SELECT device, last, route, span, up, down, n FROM flow;
DROP TABLE flow;
ALTER TABLE flow_4 RENAME TO flow;

CREATE TABLE hourly_4(
  device INTEGER NOT NULL,
  hour   INTEGER NOT NULL,
  route  INTEGER NOT NULL,
  up     INTEGER NOT NULL,
  down   INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  proof  INTEGER GENERATED ALWAYS AS ((device % 65521 * 3 + hour % 65521 * 5 + route % 65521 * 7 + up % 65521 * 11
    + down % 65521 * 13 + n % 65521 * 17 + first % 65521 * 19 + last % 65521 * 23) % 65521 - 32760) STORED,
  PRIMARY KEY(device, hour, route)
) STRICT, WITHOUT ROWID;
INSERT INTO hourly_4(device, hour, route, up, down, n, first, last) SELECT device, hour, route, up, down, n, first, last FROM hourly;
DROP TABLE hourly;
ALTER TABLE hourly_4 RENAME TO hourly;

CREATE TABLE daily_4(
  device INTEGER NOT NULL,
  hour   INTEGER NOT NULL,
  route  INTEGER NOT NULL,
  up     INTEGER NOT NULL,
  down   INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  proof  INTEGER GENERATED ALWAYS AS ((device % 65521 * 3 + hour % 65521 * 5 + route % 65521 * 7 + up % 65521 * 11
    + down % 65521 * 13 + n % 65521 * 17 + first % 65521 * 19 + last % 65521 * 23) % 65521 - 32760) STORED,
  PRIMARY KEY(device, hour, route)
) STRICT, WITHOUT ROWID;
INSERT INTO daily_4(device, hour, route, up, down, n, first, last) SELECT device, hour, route, up, down, n, first, last FROM daily;
DROP TABLE daily;
ALTER TABLE daily_4 RENAME TO daily;

CREATE TABLE place_4(
  source TEXT PRIMARY KEY,
  cursor BLOB NOT NULL,
  at     INTEGER NOT NULL,
  sum    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO place_4 SELECT source, cursor, at, x'' FROM place;
DROP TABLE place;
ALTER TABLE place_4 RENAME TO place;
