// purpose: Items still sold that have some values of attributes, and are in stock where that is asked: not those with
// inStock false or stock 0. attributes: pairs of name and value.
// parameters: inStock BOOLEAN, attributes LIST<LIST<ANY>>
// returns: itemId STRING
// mode: READ
MATCH (i:Item)
WHERE NOT coalesce(i.discontinued, false)
  AND (NOT $inStock OR (coalesce(i.inStock, true) AND coalesce(i.stock, 1) > 0))
  AND all(pair IN $attributes WHERE i[pair[0]] = pair[1])
RETURN i.itemId AS itemId
