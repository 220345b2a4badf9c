// purpose: Note that a load begins, or goes on. creates names the behaviours whose relationships it creates without
// looking for them: others may not record these until it is done.
// parameters: loadId STRING, properties MAP, creates LIST<STRING>
// returns: none
// mode: WRITE
MERGE (l:Load {loadId: $loadId})
SET l = $properties, l.status = 'writing', l.creates = $creates
