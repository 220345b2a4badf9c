// purpose: Categories that users are interested in: changed ones. Rows: source, links (target, score, share, asOf).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:User {userId: row.source})
UNWIND row.links AS link
MATCH (a)-[r:INTERESTED_IN]->(b:Category {categoryId: link.target})
SET r.score = link.score, r.share = link.share, r.asOf = datetime.fromEpochMillis(link.asOf)
