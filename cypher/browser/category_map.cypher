// purpose: A category, what is below it, and its items with the strongest trend.
// parameters: category STRING, limit INTEGER
// returns: tree LIST<PATH>, items LIST<PATH>
// mode: READ
MATCH (c:Category {categoryId: $category})
RETURN COLLECT { MATCH p = (c)<-[:CHILD_OF*0..1]-(:Category) RETURN p LIMIT 30 } AS tree,
       COLLECT {
         MATCH p = (c)<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)
         WHERE i.trend > 0
         RETURN p ORDER BY i.trend DESC, i.itemId LIMIT $limit
       } AS items
