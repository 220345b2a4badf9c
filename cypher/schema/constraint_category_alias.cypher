// purpose: One CategoryAlias per category that was merged into another, found by the id that logs know it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT category_alias_id IF NOT EXISTS
FOR (n:CategoryAlias) REQUIRE n.categoryId IS UNIQUE
