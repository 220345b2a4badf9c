// purpose: Lock one of several sessions that write a load, for one transaction; nothing is returned when another process
// took the load over. The SET takes the lock before the token is read.
// parameters: batchId STRING, token STRING
// returns: batchId STRING
// mode: WRITE
MATCH (b:LoadBatch {batchId: $batchId})
SET b.heldAt = datetime()
WITH b
WHERE b.token = $token
RETURN b.batchId AS batchId
