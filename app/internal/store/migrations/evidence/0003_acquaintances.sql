-- Who receives from which device, once met; it was one setting that grew with
-- every recipient. The program moves the old one over in the same transaction.

CREATE TABLE acquaintance(
  device TEXT NOT NULL,
  key    TEXT NOT NULL,
  name   TEXT NOT NULL,
  at     INTEGER,
  asked  INTEGER NOT NULL,
  told   INTEGER NOT NULL,
  fine   INTEGER NOT NULL,
  sum    BLOB NOT NULL,
  PRIMARY KEY(device, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX acquaintance_open ON acquaintance(device) WHERE asked = 1 AND fine = 0;
