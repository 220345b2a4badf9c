// purpose: Add recorded events to the users' interests in the items' categories and all above them. Scores stay in units of the
// enrichment's moment (asOf, epoch milliseconds); halfLife in days.
// parameters: rows LIST<MAP>, asOf INTEGER, halfLife FLOAT
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (:Item {itemId: row.itemId})-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(c:Category)
MERGE (u)-[w:INTERESTED_IN]->(c)
SET w.score = coalesce(w.score, 0.0) + row.weight * 2.0 ^ ((row.lastAt - $asOf) / 86400000.0 / $halfLife),
    w.share = coalesce(w.share, 0.0),
    w.asOf = datetime.fromEpochMillis($asOf)
