// purpose: What an id means for an audience: an item, a category with what is in it or below it, or a campaign with what it
// promotes; of many items those with the strongest trend.
// parameters: target STRING, limit INTEGER
// returns: kind STRING, itemIds LIST<STRING>
// mode: READ
CALL () {
  MATCH (i:Item {itemId: $target})
  RETURN 'item' AS kind, 1 AS place, [i.itemId] AS itemIds
  UNION ALL
  MATCH (c:Category {categoryId: $target})
  RETURN 'category' AS kind, 2 AS place, COLLECT {
    MATCH (c)<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)
    WHERE NOT coalesce(i.discontinued, false)
    WITH DISTINCT i
    RETURN i.itemId ORDER BY i.trend DESC, i.itemId LIMIT $limit
  } AS itemIds
  UNION ALL
  MATCH (c:Campaign {campaignId: $target})
  RETURN 'campaign' AS kind, 3 AS place, COLLECT {
    MATCH (c)-[:PROMOTES]->(i:Item)
    WHERE NOT coalesce(i.discontinued, false)
    RETURN i.itemId ORDER BY i.trend DESC, i.itemId LIMIT $limit
  } AS itemIds
}
RETURN kind, itemIds ORDER BY place
