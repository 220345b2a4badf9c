// purpose: The ranker that serves.
// parameters: none
// returns: ranker MAP
// mode: READ
MATCH (r:Ranker {status: 'active'})
RETURN r {.*} AS ranker
