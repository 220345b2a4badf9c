// purpose: Take out all packed catalogues.
// parameters: none
// returns: none
// mode: WRITE
MATCH (p:ServingPack)
DELETE p
