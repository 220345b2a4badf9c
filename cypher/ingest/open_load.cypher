// purpose: Note that a load begins; an interrupted one keeps what it noted before.
// parameters: loadId STRING, properties MAP
// returns: status STRING
// mode: WRITE
MERGE (l:Load {loadId: $loadId})
ON CREATE SET l += $properties, l.status = 'writing'
RETURN l.status AS status
