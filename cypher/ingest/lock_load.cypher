// purpose: Lock a load for one transaction that compacts its part of the ledger; nothing is returned while a load is
// being taken out, which adds the ledger up.
// parameters: loadId STRING
// returns: loadId STRING
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
SET l.heldAt = datetime()
WITH l
WHERE NOT EXISTS { MATCH (:Load {status: 'unloading'}) }
RETURN l.loadId AS loadId
