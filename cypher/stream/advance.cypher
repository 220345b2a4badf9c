// purpose: Note the new position of a stream in the transaction of its events. Nothing is returned when another run took the
// stream over, or when its position is not the one the events begin at. The first SET takes the lock before both are read.
// parameters: streamId STRING, token STRING, fromPartitions LIST<INTEGER>, fromOffsets LIST<INTEGER>, partitions LIST<INTEGER>, offsets LIST<INTEGER>, mark STRING, events INTEGER, rejected INTEGER, at INTEGER
// returns: streamId STRING
// mode: WRITE
MATCH (s:Stream {streamId: $streamId})
SET s.at = datetime.fromEpochMillis($at)
WITH s
WHERE s.token = $token AND s.partitions = $fromPartitions AND s.offsets = $fromOffsets
SET s.partitions = $partitions, s.offsets = $offsets, s.mark = $mark,
    s.events = s.events + $events, s.rejected = s.rejected + $rejected
RETURN s.streamId AS streamId
