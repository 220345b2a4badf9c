// purpose: Nobody writes any more.
// parameters: none
// returns: none
// mode: WRITE
MATCH (l:Load)
REMOVE l.token, l.heldAt, l.creates
