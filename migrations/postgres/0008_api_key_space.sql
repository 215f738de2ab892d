-- The agent spaces that a key is limited to, as ids with a blank between them. Empty: to none.

ALTER TABLE api_key ADD COLUMN spaces TEXT NOT NULL DEFAULT '';
