// purpose: Remove parts of the ledger that others stand for now.
// parameters: partIds LIST<STRING>
// returns: none
// mode: WRITE
UNWIND $partIds AS partId
MATCH (p:LogPart {partId: partId})
DELETE p
