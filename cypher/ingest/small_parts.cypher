// purpose: The parts of one level that recording left, with their data, under the lock of their Load node; none while a
// load is being taken out, which adds the ledger up.
// parameters: loadId STRING, level INTEGER
// returns: partId STRING, source STRING, data STRING
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
SET l.heldAt = datetime()
WITH l
WHERE NOT EXISTS { MATCH (:Load {status: 'unloading'}) }
MATCH (p:LogPart {loadId: $loadId, level: $level})
RETURN p.partId AS partId, p.source AS source, p.data AS data
ORDER BY p.firstMs, p.partId
