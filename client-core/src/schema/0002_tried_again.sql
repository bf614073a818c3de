-- Documents that were in hand alone when the process died: once is a kill or a
-- flat battery, twice may be the document. Then it is set aside, and tried again
-- after waits that grow with its strikes. This is when it was last tried, by the
-- device's clock. What is in `unreadable` without strikes waits for another build.
ALTER TABLE suspect ADD COLUMN tried_at INTEGER NOT NULL DEFAULT 0;
