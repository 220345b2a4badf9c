// purpose: How many users a load would add, and of how many it would change attributes.
// parameters: rows LIST<MAP>
// returns: added INTEGER, changed INTEGER
// mode: READ
UNWIND $rows AS row
OPTIONAL MATCH (u:User {userId: row.userId})
RETURN count(CASE WHEN u IS NULL THEN 1 END) AS added,
       count(CASE WHEN u IS NOT NULL AND any(name IN keys(row.properties)
         WHERE u[name] IS NULL OR u[name] <> row.properties[name]) THEN 1 END) AS changed
