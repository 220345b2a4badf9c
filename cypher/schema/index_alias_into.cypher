// purpose: Aliases by the item that they were merged into.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE INDEX alias_into IF NOT EXISTS
FOR (n:Alias) ON (n.into)
