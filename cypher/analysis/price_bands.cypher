// purpose: At which prices a category sells: items in four bands of price, with events and spend.
// parameters: category STRING
// where:
//   category, such as "GROCERY > CHEESE": this category and below it
// returns: band STRING, fromPrice FLOAT, toPrice FLOAT, items INTEGER, events INTEGER, eventPercent FLOAT, spend FLOAT, spendPercent FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 4
// caveats: The price of an item is the one last paid; the bands hold a quarter of the items each.
MATCH (:Category {categoryId: $category})<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)
WHERE i.price > 0
WITH DISTINCT i
MATCH (i)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH i.price AS price, reduce(n = 0, count IN h.counts | n + count) AS events, reduce(n = 0.0, value IN h.values | n + value) AS spend
ORDER BY price
WITH collect([price, events, spend]) AS every, sum(events) AS total, sum(spend) AS worth
WHERE size(every) >= 4
UNWIND range(0, 3) AS band
WITH band, total, worth, every[band * size(every) / 4..(band + 1) * size(every) / 4] AS part
WITH band, total, worth, part, reduce(n = 0, item IN part | n + item[1]) AS events, reduce(n = 0.0, item IN part | n + item[2]) AS spend
RETURN ['lowest', 'lower', 'higher', 'highest'][band] AS band, part[0][0] AS fromPrice, part[-1][0] AS toPrice, size(part) AS items,
       events, round(100.0 * events / total, 1) AS eventPercent, round(spend, 2) AS spend,
       round(CASE WHEN worth > 0 THEN 100 * spend / worth END, 1) AS spendPercent
ORDER BY fromPrice, band
