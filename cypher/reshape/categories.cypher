// purpose: All categories, with how many items each has in itself and below.
// parameters: none
// returns: categoryId STRING, path LIST<STRING>, items INTEGER
// mode: READ
MATCH (c:Category)
RETURN c.categoryId AS categoryId, c.path AS path,
       COUNT { (c)<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(:Item) } AS items
ORDER BY categoryId
