// purpose: Note that a load is being taken out: nothing is recorded until that is done.
// parameters: loadId STRING
// returns: none
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
SET l.status = 'unloading'
