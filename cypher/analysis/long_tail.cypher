// purpose: How much of everything the best-selling items make, and how long the tail is.
// parameters: category STRING
// where:
//   category = null, such as "GROCERY": only this category and below it
// returns: itemsUpToPercent FLOAT, items INTEGER, events INTEGER, eventPercent FLOAT, cumulativePercent FLOAT, spend FLOAT, spendPercent FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 20
// caveats: Items are ordered by events; those without any are left out.
MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WHERE $category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) }
WITH reduce(n = 0, count IN h.counts | n + count) AS events, reduce(n = 0.0, value IN h.values | n + value) AS spend
ORDER BY events DESC
WITH collect([events, spend]) AS every, sum(events) AS total, sum(spend) AS worth
UNWIND [[0.0, 0.01], [0.01, 0.05], [0.05, 0.1], [0.1, 0.2], [0.2, 0.5], [0.5, 1.0]] AS band
WITH band, total, worth, every[toInteger(band[0] * size(every))..toInteger(band[1] * size(every))] AS part,
     every[..toInteger(band[1] * size(every))] AS upTo
WITH band, total, worth, size(part) AS items, reduce(n = 0, item IN part | n + item[0]) AS events,
     reduce(n = 0.0, item IN part | n + item[1]) AS spend, reduce(n = 0, item IN upTo | n + item[0]) AS cumulative
RETURN round(100 * band[1], 0) AS itemsUpToPercent, items, events, round(100.0 * events / total, 1) AS eventPercent,
       round(100.0 * cumulative / total, 1) AS cumulativePercent, round(spend, 2) AS spend,
       round(CASE WHEN worth > 0 THEN 100 * spend / worth END, 1) AS spendPercent
ORDER BY itemsUpToPercent
