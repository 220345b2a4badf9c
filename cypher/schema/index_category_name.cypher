// purpose: Find categories by their name.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE INDEX category_name IF NOT EXISTS
FOR (c:Category) ON (c.name)
