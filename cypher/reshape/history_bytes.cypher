// purpose: The histories of users: how many have one, how many days they have in all, and the bytes of their lists as Neo4j
// packs them: as many bits a whole number as the largest of its list needs, 8 bytes a fraction.
// parameters: none
// returns: users INTEGER, days INTEGER, bytes FLOAT
// mode: READ
MATCH (u:User)-[h:HISTORY]->(:Behaviour)
WITH u, size(h.days) AS days, log(h.days[-1] + 1) / log(2) AS dayBits,
     log(reduce(most = 1, n IN h.counts | CASE WHEN n > most THEN n ELSE most END) + 1) / log(2) AS countBits
RETURN count(DISTINCT u) AS users, coalesce(sum(days), 0) AS days,
       coalesce(sum(days * (ceil(dayBits) + ceil(countBits) + 64)) / 8, 0.0) AS bytes
