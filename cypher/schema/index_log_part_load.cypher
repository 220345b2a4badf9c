// purpose: Finds the ledger of one load.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE INDEX log_part_load IF NOT EXISTS
FOR (n:LogPart) ON (n.loadId)
