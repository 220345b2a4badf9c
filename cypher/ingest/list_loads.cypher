// purpose: All loads, the latest last.
// parameters: none
// returns: load MAP
// mode: READ
MATCH (l:Load)
RETURN l {.*} AS load
ORDER BY l.startedAt, l.loadId
