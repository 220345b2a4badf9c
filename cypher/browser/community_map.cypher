// purpose: The largest communities, those inside them, and the items that stand for each.
// parameters: limit INTEGER
// returns: communities LIST<PATH>, items LIST<PATH>
// mode: READ
MATCH (m:Community {level: 1})
WITH m ORDER BY m.size DESC, m.communityId LIMIT $limit
WITH collect(m) AS largest
RETURN COLLECT { UNWIND largest AS m MATCH p = (m)<-[:PART_OF*0..1]-(below:Community) WHERE below.size > 20 OR below = m RETURN p LIMIT 60 } AS communities,
       COLLECT {
         UNWIND largest AS m
         CALL (m) {
           MATCH p = (m)<-[:PART_OF*0..1]-(:Community)<-[:IN_COMMUNITY]-(i:Item)
           WHERE i.trend > 0
           RETURN p ORDER BY i.trend DESC, i.itemId LIMIT 5
         }
         RETURN p
       } AS items
