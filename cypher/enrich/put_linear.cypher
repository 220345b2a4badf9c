// purpose: A part of the linear item model.
// parameters: partId STRING, place INTEGER, hash STRING, data BYTES
// returns: none
// mode: WRITE
MERGE (m:ItemModel {partId: $partId})
SET m.place = $place, m.hash = $hash, m.data = $data
