// purpose: How much the graph holds (from the count store).
// parameters: none
// returns: users INTEGER, items INTEGER, categories INTEGER, campaigns INTEGER, communities INTEGER, similarTo INTEGER, interestedIn INTEGER, relationships INTEGER
// mode: READ
RETURN COUNT { (:User) } AS users, COUNT { (:Item) } AS items, COUNT { (:Category) } AS categories,
       COUNT { (:Campaign) } AS campaigns, COUNT { (:Community) } AS communities,
       COUNT { ()-[:SIMILAR_TO]->() } AS similarTo, COUNT { ()-[:INTERESTED_IN]->() } AS interestedIn,
       COUNT { ()-->() } AS relationships
