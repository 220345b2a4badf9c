// purpose: The batches of an interrupted load that are written.
// parameters: loadId STRING
// returns: batchId STRING
// mode: READ
MATCH (b:LoadBatch {loadId: $loadId})
RETURN b.batchId AS batchId
