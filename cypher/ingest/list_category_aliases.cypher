// purpose: Categories that were merged into others.
// parameters: none
// returns: categoryId STRING, into STRING
// mode: READ
MATCH (a:CategoryAlias)
RETURN a.categoryId AS categoryId, a.into AS into
ORDER BY categoryId
