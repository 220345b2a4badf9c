// purpose: Categories that users are interested in, one record a node with lists.
// parameters: none
// returns: source STRING, targets LIST<STRING>, score LIST<FLOAT>, share LIST<FLOAT>, asOf LIST<INTEGER>
// mode: READ
MATCH (a:User)-[r:INTERESTED_IN]->(b:Category)
RETURN a.userId AS source, collect(b.categoryId) AS targets,
       collect(r.score) AS score,
       collect(r.share) AS share,
       collect(r.asOf.epochMillis) AS asOf
