// purpose: Lock the load that is written or taken out, for one transaction; nothing is returned when another process took
// it over. The SET takes the lock before the token is read.
// parameters: loadId STRING, token STRING
// returns: loadId STRING
// mode: WRITE
MATCH (l:Load {loadId: $loadId})
SET l.heldAt = datetime()
WITH l
WHERE l.token = $token
RETURN l.loadId AS loadId
