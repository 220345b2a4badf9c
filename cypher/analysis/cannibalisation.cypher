// purpose: Which items lost users to this one: takers of another item of the category who stopped after they found it.
// parameters: itemId STRING, days INTEGER, minUsers INTEGER, asOf DATETIME, limit INTEGER
// where:
//   itemId, such as "1029743": the item that may take from others
//   days = 182: users who took it first within so many days
//   minUsers = 10: least number of its new users who knew the other item
//   asOf = null, such as "2017-10-01": the end of the period
//   limit = 20: how many items are returned
// returns: itemId STRING, title STRING, brand STRING, knewIt INTEGER, stopped INTEGER, stoppedPercent FLOAT, othersStoppedPercent FLOAT, extraPoints FLOAT, low FLOAT, high FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 200
// people: minUsers
// caveats: stopped: no event with the other item since the first one with this item. othersStoppedPercent: users of the other item
// who never took this one and stopped within the same period. The difference is a hint, not a proof: who tries new things also
// stops more often.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest) AS now
WITH now, now - duration({days: $days}) AS start
MATCH (a:Item {itemId: $itemId})<-[r:PURCHASED]-(u:User)
WITH now, start, a, collect(u) AS takers, collect([u, r.firstAt]) AS all
WITH now, start, a, takers, [entry IN all WHERE start < entry[1] AND entry[1] <= now] AS new
UNWIND new AS entry
WITH now, start, a, takers, entry[0] AS u, entry[1] AS found
MATCH (a)-[:IN_CATEGORY]->(c:Category)<-[:IN_CATEGORY]-(b:Item)<-[s:PURCHASED]-(u)
WHERE b <> a AND s.firstAt < found
WITH start, takers, b, count(*) AS knew, sum(CASE WHEN s.lastAt <= found THEN 1 ELSE 0 END) AS stopped,
     avg(found.epochMillis) AS middle
WHERE knew >= $minUsers
CALL (b, takers, middle) {
  MATCH (b)<-[s:PURCHASED]-(v:User)
  WHERE s.firstAt.epochMillis < middle AND NOT v IN takers
  RETURN count(*) AS others, sum(CASE WHEN s.lastAt.epochMillis <= middle THEN 1 ELSE 0 END) AS othersStopped
}
WITH b, knew, stopped, 1.0 * stopped / knew AS p, others, CASE WHEN others > 0 THEN 1.0 * othersStopped / others END AS q
WITH *, 1.96 * sqrt(p * (1 - p) / knew + q * (1 - q) / others) AS wide
RETURN b.itemId AS itemId, b.title AS title, b.brand AS brand, knew AS knewIt, stopped, round(100 * p, 1) AS stoppedPercent,
       round(100 * q, 1) AS othersStoppedPercent, round(100 * (p - q), 1) AS extraPoints,
       round(100 * (p - q - wide), 1) AS low, round(100 * (p - q + wide), 1) AS high
ORDER BY p - q DESC, knew DESC, itemId LIMIT $limit
