// purpose: Nodes that the sessions which write a load together lock, each its own.
// parameters: loadId STRING, batchIds LIST<STRING>, token STRING
// returns: none
// mode: WRITE
UNWIND $batchIds AS batchId
MERGE (b:LoadBatch {batchId: batchId})
SET b.loadId = $loadId, b.token = $token
