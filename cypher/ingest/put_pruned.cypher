// purpose: Set the pruned relationships of users; those without pairs are forgotten.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (p:Pruned {userId: row.userId})
SET p.pairs = row.pairs, p.data = row.data
WITH p
WHERE p.pairs = 0
DELETE p
