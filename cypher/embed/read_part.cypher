// purpose: The data of one part of the vectors of a run.
// parameters: partId STRING
// returns: data ANY
// mode: READ
MATCH (part:VectorPart {partId: $partId})
RETURN part.data AS data
