// purpose: Categories that users are interested in: those that no longer hold. Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:User {userId: row.source})
UNWIND row.links AS link
MATCH (a)-[r:INTERESTED_IN]->(b:Category {categoryId: link.target})
DELETE r
