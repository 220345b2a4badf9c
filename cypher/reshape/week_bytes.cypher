// purpose: The weeks of one behaviour's relationships, in bytes as Neo4j packs them; see reshape/history_bytes.
// parameters: none
// returns: bytes FLOAT
// mode: READ
// relationship: PURCHASED
MATCH (:User)-[r:PURCHASED]->(:Item)
WITH size(r.weeks) AS weeks, ceil(log(r.weeks[-1] + 1) / log(2)) AS weekBits,
     CASE WHEN r.weekCounts IS NULL THEN 0
          ELSE ceil(log(reduce(most = 1, n IN r.weekCounts | CASE WHEN n > most THEN n ELSE most END) + 1) / log(2)) END AS countBits
RETURN coalesce(sum(weeks * (weekBits + countBits)) / 8, 0.0) AS bytes
