// purpose: The data of one part of the ledger.
// parameters: partId STRING
// returns: data STRING
// mode: READ
MATCH (p:LogPart {partId: $partId})
RETURN p.data AS data
