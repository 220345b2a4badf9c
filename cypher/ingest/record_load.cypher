// purpose: Count recorded events on their Load node: those that came, and those that were new.
// parameters: loadId STRING, read INTEGER, events INTEGER
// returns: none
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
SET l.rows = l.rows + $read, l.events = l.events + $events, l.duplicates = l.duplicates + $read - $events
