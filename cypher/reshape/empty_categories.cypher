// purpose: Categories without items, in themselves and in all below them.
// parameters: none
// returns: categoryId STRING
// mode: READ
MATCH (c:Category)
WHERE NOT EXISTS { (c)<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(:Item) }
RETURN c.categoryId AS categoryId
ORDER BY categoryId
