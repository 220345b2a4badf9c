// purpose: Put the token of who writes on every load; whoever wrote before stops at its next transaction.
// parameters: token STRING
// returns: none
// mode: WRITE
MATCH (l:Load)
SET l.token = $token
