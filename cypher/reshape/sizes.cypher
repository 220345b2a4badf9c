// purpose: How much of the graph reshaping works on there is (from the count store).
// parameters: none
// returns: items INTEGER, categories INTEGER, relationships INTEGER
// mode: READ
RETURN COUNT { (:Item) } AS items, COUNT { (:Category) } AS categories, COUNT { ()-->() } AS relationships
