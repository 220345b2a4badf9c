// purpose: Categories by their name (without regard to case), the upper levels first.
// parameters: name STRING
// returns: categoryId STRING
// mode: READ
MATCH (c:Category)
WHERE toLower(c.name) = toLower($name) OR toLower(c.categoryId) = toLower($name)
RETURN c.categoryId AS categoryId
ORDER BY c.level, c.categoryId LIMIT 10
