// purpose: Note on every load that events before a moment (epoch milliseconds, UTC) are no longer recognised.
// parameters: before INTEGER
// returns: none
// mode: WRITE
MATCH (l:Load)
SET l.compactedMs = CASE WHEN l.compactedMs > $before THEN l.compactedMs ELSE $before END
