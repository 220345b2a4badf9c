// purpose: The strength and half-life (days) of every behaviour, where Cypher and Python both read them.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (b:Behaviour {name: row.name})
ON CREATE SET b.halfLife = row.halfLife
SET b.strength = row.strength, b.primary = row.primary
