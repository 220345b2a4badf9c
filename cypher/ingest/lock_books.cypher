// purpose: Take the lock of the books for one transaction: others that begin to write wait for it, and it waits for
// events that are being recorded. The node is gone again at the end; its name in the constraint is what is locked.
// parameters: none
// returns: none
// mode: WRITE
MERGE (lock:LoadBatch {batchId: 'lock'})
DELETE lock
WITH count(*) AS ignored
MATCH (l:Load)
SET l.heldAt = datetime()
