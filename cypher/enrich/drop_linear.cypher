// purpose: Take out the parts of linear item models other than the one with this hash.
// parameters: hash STRING
// returns: none
// mode: WRITE
MATCH (m:ItemModel)
WHERE m.hash <> $hash
DELETE m
