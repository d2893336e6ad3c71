-- Sums by the day of hours that are kept by themselves too, so that an overview
-- over months reads a twentieth of the rows. The columns are those of daily. It
-- is filled when old traffic is next looked for.

CREATE TABLE overview(
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
