// purpose: What each category brings: items, users, events, spend, and how often users come back to it.
// parameters: level INTEGER, parent STRING
// where:
//   level = 1: level of the category tree, 1 is the top
//   parent = null, such as "GROCERY": only categories below this one
// returns: category STRING, items INTEGER, soldItems INTEGER, users INTEGER, userPercent FLOAT, events INTEGER, eventPercent FLOAT, spend FLOAT, spendPercent FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: slow: counts the users of each category anew, over all relationships
// rows: 2000
MATCH (c:Category {level: $level})
WHERE $parent IS NULL OR EXISTS { (c)-[:CHILD_OF*]->(:Category {categoryId: $parent}) }
CALL (c) {
  MATCH (c)<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)
  WITH DISTINCT i
  OPTIONAL MATCH (i)<-[r:PURCHASED]-(u:User)
  RETURN count(DISTINCT i) AS items, count(DISTINCT CASE WHEN r IS NOT NULL THEN i END) AS sold, count(DISTINCT u) AS users,
         coalesce(sum(r.count), 0) AS events, coalesce(sum(r.value), 0.0) AS spend
}
WITH collect([c, items, sold, users, events, spend]) AS found, sum(events) AS total, sum(spend) AS worth
UNWIND found AS f
RETURN f[0].categoryId AS category, f[1] AS items, f[2] AS soldItems, f[3] AS users,
       round(100.0 * f[3] / COUNT { (:User) }, 1) AS userPercent, f[4] AS events,
       round(CASE WHEN total > 0 THEN 100.0 * f[4] / total END, 1) AS eventPercent, round(f[5], 2) AS spend,
       round(CASE WHEN worth > 0 THEN 100 * f[5] / worth END, 1) AS spendPercent
ORDER BY spend DESC, events DESC, category
