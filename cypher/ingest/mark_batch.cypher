// purpose: Note, in the transaction that writes it, that a batch of a load is written.
// parameters: batchId STRING, loadId STRING
// returns: none
// mode: WRITE
CREATE (:LoadBatch {batchId: $batchId, loadId: $loadId})
