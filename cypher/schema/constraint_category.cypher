// purpose: One Category per categoryId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT category_id IF NOT EXISTS
FOR (n:Category) REQUIRE n.categoryId IS UNIQUE
