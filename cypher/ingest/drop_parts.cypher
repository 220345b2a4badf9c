// purpose: Remove some parts of a load's ledger; to be run until there are none.
// parameters: loadId STRING
// returns: dropped INTEGER
// mode: WRITE
MATCH (p:LogPart {loadId: $loadId})
WITH p LIMIT 100
DELETE p
RETURN count(*) AS dropped
