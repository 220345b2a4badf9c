// purpose: Put the token of who writes on every load, and on what its sessions lock; whoever wrote before stops at its
// next transaction.
// parameters: token STRING
// returns: none
// mode: WRITE
MATCH (l:Load)
SET l.token = $token
WITH count(*) AS ignored
MATCH (b:LoadBatch)
WHERE b.token IS NOT NULL
SET b.token = $token
