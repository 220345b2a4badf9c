// purpose: Take the vectors off dead items (see reshape/count_dead), up to a number of items; to be run until there are none.
// parameters: limit INTEGER
// returns: dropped INTEGER
// mode: WRITE
MATCH (i:Item {discontinued: true})
WHERE i.embedding IS NOT NULL
  AND NOT EXISTS { (i)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-() }
WITH i LIMIT $limit
SET i.embedding = null, i.embeddingRun = null, i.embeddingFolded = null
RETURN count(i) AS dropped
