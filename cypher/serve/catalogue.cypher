// purpose: The items after an id in the order of ids, columns as lists; no price: NaN, no text: empty.
// parameters: after STRING, limit INTEGER
// returns: items LIST<STRING>, titles LIST<STRING>, brands LIST<STRING>, prices LIST<FLOAT>, open LIST<BOOLEAN>, trends LIST<FLOAT>, buyers LIST<INTEGER>, repeatRates LIST<FLOAT>, communities LIST<STRING>, categories LIST<LIST<STRING>>
// mode: READ
MATCH (i:Item)
WHERE i.itemId > $after
WITH i
ORDER BY i.itemId LIMIT $limit
RETURN collect(i.itemId) AS items, collect(coalesce(i.title, '')) AS titles,
       collect(coalesce(toString(i.brand), '')) AS brands, collect(coalesce(toFloat(i.price), 0.0 / 0.0)) AS prices,
       collect(NOT coalesce(i.discontinued, false)) AS open, collect(coalesce(i.trend, 0.0)) AS trends,
       collect(coalesce(i.buyers, 0)) AS buyers, collect(coalesce(i.repeatRate, 0.0)) AS repeatRates,
       collect(coalesce(i.communityId, '')) AS communities,
       collect([(i)-[:IN_CATEGORY]->(c) | c.categoryId]) AS categories
