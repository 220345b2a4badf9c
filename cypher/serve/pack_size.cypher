// purpose: How many bytes the packed catalogue of a state of the graph has; 0: it was not packed in that state.
// parameters: version STRING
// returns: bytes INTEGER
// mode: READ
OPTIONAL MATCH (p:ServingPack {version: $version})
RETURN coalesce(sum(p.size), 0) AS bytes
