// purpose: Users that paths lead to from some items: who chose them, who chose items that they are similar to, who is
// interested in their categories; the most strongly joined first. Not those who received the campaign (if any) or at
// least maxContacts campaigns since a moment (epoch milliseconds).
// parameters: itemIds LIST<STRING>, campaignId STRING, maxContacts INTEGER, since INTEGER, limit INTEGER
// returns: userId STRING, contacts INTEGER
// mode: READ
UNWIND $itemIds AS itemId
MATCH (i:Item {itemId: itemId})
CALL (i) {
  MATCH (i)<-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(u:User)
  RETURN u, 2.0 * log(1 + abs(r.weight)) AS strength ORDER BY strength DESC LIMIT 1000
  UNION ALL
  MATCH (i)<-[s:SIMILAR_TO]-(:Item)<-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(u:User)
  WITH u, sum(s.score * log(1 + abs(r.weight))) AS strength
  RETURN u, strength ORDER BY strength DESC LIMIT 1000
  UNION ALL
  MATCH (i)-[:IN_CATEGORY]->(:Category)<-[w:INTERESTED_IN]-(u:User)
  RETURN u, w.share AS strength ORDER BY strength DESC LIMIT 1000
}
WITH u, sum(strength) AS strength
WHERE $campaignId IS NULL OR NOT EXISTS { (u)-[:RECEIVED]->(:Campaign {campaignId: $campaignId}) }
WITH u, strength, COUNT { MATCH (u)-[:RECEIVED]->(c:Campaign) WHERE c.startsAt.epochMillis >= $since } AS contacts
WHERE contacts < $maxContacts
RETURN u.userId AS userId, contacts
ORDER BY strength DESC, userId LIMIT $limit
