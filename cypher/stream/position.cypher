// purpose: Who reads a stream and where it stands; one row of nulls where there is no such stream.
// parameters: streamId STRING
// returns: token STRING, partitions LIST<INTEGER>, offsets LIST<INTEGER>
// mode: READ
OPTIONAL MATCH (s:Stream {streamId: $streamId})
RETURN s.token AS token, s.partitions AS partitions, s.offsets AS offsets
