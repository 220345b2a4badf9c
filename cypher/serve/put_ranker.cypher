// purpose: Keep a ranker; it takes the place of the one before.
// parameters: rankerId STRING, properties MAP
// returns: none
// mode: WRITE
OPTIONAL MATCH (old:Ranker)
DELETE old
WITH count(*) AS ignored
CREATE (r:Ranker {rankerId: $rankerId, status: 'active'})
SET r += $properties
