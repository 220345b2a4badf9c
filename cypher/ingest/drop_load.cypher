// purpose: Remove a load from the books, once all of it is taken out.
// parameters: loadId STRING
// returns: none
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
OPTIONAL MATCH (b:LoadBatch {loadId: $loadId})
DELETE b
WITH DISTINCT l
DELETE l
