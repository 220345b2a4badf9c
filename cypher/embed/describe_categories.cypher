// purpose: Name and path of every category; categories are in no community.
// parameters: none
// returns: id STRING, title STRING, community STRING, path LIST<STRING>
// mode: READ
MATCH (n:Category)
RETURN n.categoryId AS id, n.name AS title, null AS community, n.path AS path
