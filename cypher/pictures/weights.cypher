// purpose: How many relationships have which weight at a moment (epoch milliseconds), by powers of two; exponent null is none.
// parameters: asOf INTEGER, halfLife FLOAT
// returns: exponent INTEGER, relationships INTEGER, weight FLOAT
// mode: READ
// relationship: PURCHASED
MATCH (:User)-[r:PURCHASED]->(:Item)
WITH r.weight * 2 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLife) AS weight
WITH weight, CASE WHEN weight > 0 THEN toInteger(floor(log(weight) / log(2) + 1e-9)) END AS exponent
RETURN exponent, count(*) AS relationships, sum(weight) AS weight
ORDER BY exponent
