-- Which code made the decisions of a life: package version and digest of its sources; empty for
-- lives of versions that did not say.
ALTER TABLE life ADD COLUMN build TEXT NOT NULL DEFAULT '';
