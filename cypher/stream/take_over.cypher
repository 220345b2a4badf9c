// purpose: Begin or go on with a stream under a token of its own: whoever read it before stops at the next transaction.
// Returns where it stands; with reset it begins anew. at in epoch milliseconds.
// parameters: streamId STRING, token STRING, loader STRING, reset BOOLEAN, at INTEGER
// returns: partitions LIST<INTEGER>, offsets LIST<INTEGER>, mark STRING, events INTEGER
// mode: WRITE
MERGE (s:Stream {streamId: $streamId})
ON CREATE SET s.events = 0, s.rejected = 0, s.startedAt = datetime.fromEpochMillis($at)
SET s.token = $token, s.loader = $loader,
    s.partitions = CASE WHEN $reset OR s.partitions IS NULL THEN [] ELSE s.partitions END,
    s.offsets = CASE WHEN $reset OR s.offsets IS NULL THEN [] ELSE s.offsets END,
    s.mark = CASE WHEN $reset OR s.mark IS NULL THEN '' ELSE s.mark END
RETURN s.partitions AS partitions, s.offsets AS offsets, s.mark AS mark, s.events AS events
