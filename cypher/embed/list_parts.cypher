// purpose: The parts of the vectors of a run, of one kind (User, Item, Category, fold), in order; without their data.
// parameters: runId STRING, kind STRING
// returns: partId STRING
// mode: READ
MATCH (part:VectorPart {runId: $runId})
WHERE part.kind = $kind
RETURN part.partId AS partId
ORDER BY part.number
