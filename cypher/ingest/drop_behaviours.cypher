// purpose: Forget behaviours that no load declares any more.
// parameters: names LIST<STRING>
// returns: none
// mode: WRITE
MATCH (b:Behaviour)
WHERE b.name IN $names
DELETE b
