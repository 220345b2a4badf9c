// purpose: How brands share a category.
// parameters: category STRING, minUsers INTEGER
// where:
//   category, such as "GROCERY > CHEESE": this category and below it
//   minUsers = 10: brands with fewer users are left out
// returns: brand STRING, items INTEGER, users INTEGER, userPercent FLOAT, events INTEGER, eventPercent FLOAT, spend FLOAT, spendPercent FLOAT, pricePerEvent FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 200
// people: minUsers
MATCH (:Category {categoryId: $category})<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)<-[r:PURCHASED]-(u:User)
WITH coalesce(i.brand, '(none)') AS brand, count(DISTINCT i) AS items, collect(DISTINCT u) AS takers, sum(r.count) AS events, sum(r.value) AS spend
WITH collect([brand, items, takers, events, spend]) AS found, sum(events) AS total, sum(spend) AS worth
CALL (found) { UNWIND found AS f UNWIND f[2] AS u RETURN count(DISTINCT u) AS everyone }
UNWIND found AS f
WITH f, total, worth, everyone
WHERE size(f[2]) >= $minUsers
RETURN f[0] AS brand, f[1] AS items, size(f[2]) AS users, round(100.0 * size(f[2]) / everyone, 1) AS userPercent, f[3] AS events,
       round(100.0 * f[3] / total, 1) AS eventPercent, round(f[4], 2) AS spend,
       round(CASE WHEN worth > 0 THEN 100 * f[4] / worth END, 1) AS spendPercent, round(f[4] / f[3], 2) AS pricePerEvent
ORDER BY spend DESC, brand
