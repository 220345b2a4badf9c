// purpose: Wait until all indexes are built.
// parameters: seconds INTEGER
// returns: none
// mode: SCHEMA
CALL db.awaitIndexes($seconds)
