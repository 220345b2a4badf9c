// purpose: The packed catalogue of a state of the graph (serve/version), in order; nothing where it was packed in another state.
// parameters: version STRING
// returns: data BYTES
// mode: READ
MATCH (p:ServingPack {version: $version})
RETURN p.data AS data
ORDER BY p.place
