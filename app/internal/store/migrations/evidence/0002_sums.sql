-- A checksum for the rows that had none; the program fills it in within the
-- same transaction. What could be undone lives in a setting.

ALTER TABLE device_distinct ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
ALTER TABLE question ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
ALTER TABLE grant_seen ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
ALTER TABLE secret ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
ALTER TABLE setting ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
ALTER TABLE clock ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
ALTER TABLE quarantine ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
DROP TABLE undo;
