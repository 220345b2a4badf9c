// purpose: Items still sold that obey rules: prices (null: no bound), brands (empty: any), in stock where that is asked
// (not inStock false or stock 0), values of attributes (pairs of name and value).
// parameters: minPrice FLOAT, maxPrice FLOAT, brands LIST<STRING>, inStock BOOLEAN, attributes LIST<LIST<ANY>>
// returns: itemId STRING
// mode: READ
MATCH (i:Item)
WHERE NOT coalesce(i.discontinued, false)
  AND ($minPrice IS NULL OR i.price >= $minPrice)
  AND ($maxPrice IS NULL OR i.price <= $maxPrice)
  AND (size($brands) = 0 OR i.brand IN $brands)
  AND (NOT $inStock OR (coalesce(i.inStock, true) AND coalesce(i.stock, 1) > 0))
  AND all(pair IN $attributes WHERE i[pair[0]] = pair[1])
RETURN i.itemId AS itemId
