-- Sums by the day, kept for ever: hours that are too old, or for which there is
-- no more room, are added up here, so that each hour is in one table only. The
-- columns are those of hourly; hour is the first one of the day.

CREATE TABLE daily(
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
