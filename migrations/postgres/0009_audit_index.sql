-- Every call adds a row and pays for each index, so there are few. An id tells its time, so time
-- needs none. Requests have one for what may have changed something, where intents look for their
-- outcomes; a read is found behind the id of its request.

DROP INDEX audit_at;
DROP INDEX audit_intent;
DROP INDEX audit_request;
CREATE INDEX audit_intent ON audit (id) WHERE outcome = 'intent';
CREATE INDEX audit_request ON audit (request_id, id) WHERE risk <> 'read';
