// purpose: How many relationships of one behaviour there are (from the count store).
// parameters: none
// returns: relationships INTEGER
// mode: READ
// relationship: PURCHASED
MATCH ()-[r:PURCHASED]->()
RETURN count(r) AS relationships
