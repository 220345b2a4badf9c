// purpose: Categories that users are interested in: new ones (none of them may be there yet). Rows: source, links (target, score, share, asOf).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:User {userId: row.source})
UNWIND row.links AS link
MATCH (b:Category {categoryId: link.target})
CREATE (a)-[:INTERESTED_IN {score: link.score, share: link.share, asOf: datetime.fromEpochMillis(link.asOf)}]->(b)
