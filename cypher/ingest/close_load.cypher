// purpose: Note that a load is complete.
// parameters: loadId STRING, endedAt INTEGER
// returns: none
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
SET l.status = 'complete', l.endedAt = datetime.fromEpochMillis($endedAt)
WITH l
OPTIONAL MATCH (b:LoadBatch {loadId: $loadId})
DELETE b
