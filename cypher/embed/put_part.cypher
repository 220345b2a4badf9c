// purpose: A part of the vectors of a run, compressed (Parquet for vectors, NumPy's npz for the maps that fold in).
// parameters: partId STRING, runId STRING, kind STRING, number INTEGER, count INTEGER, data ANY
// returns: none
// mode: WRITE
MERGE (part:VectorPart {partId: $partId})
SET part.runId = $runId, part.kind = $kind, part.number = $number, part.rows = $count, part.data = $data
