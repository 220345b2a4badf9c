// purpose: Remove categories that no load knows, unless they have items.
// parameters: ids LIST<STRING>
// returns: removed INTEGER
// mode: WRITE
UNWIND $ids AS id
MATCH (c:Category {categoryId: id})
WHERE NOT EXISTS { (c)<-[:IN_CATEGORY]-() }
DETACH DELETE c
RETURN count(*) AS removed
