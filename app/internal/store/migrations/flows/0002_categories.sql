-- Which kinds of data traffic carried, where its source could tell (never a
-- value): part of what a row of traffic is about, so that it goes with its rows.

CREATE TABLE route_2(
  n          INTEGER PRIMARY KEY,
  domain     TEXT NOT NULL,
  address    TEXT NOT NULL,
  protocol   TEXT NOT NULL,
  port       INTEGER NOT NULL,
  source     TEXT NOT NULL,
  refused    INTEGER NOT NULL,
  categories TEXT NOT NULL, -- words, sorted, with commas
  day        INTEGER NOT NULL, -- last used, in days since 1970
  UNIQUE(domain, address, protocol, port, source, refused, categories)
) STRICT;
INSERT INTO route_2 SELECT n, domain, address, protocol, port, source, refused, '', day FROM route;
DROP TABLE route;
ALTER TABLE route_2 RENAME TO route;
CREATE INDEX route_day ON route(day);
