// purpose: All behaviours in the graph.
// parameters: none
// returns: name STRING, strength FLOAT, halfLife FLOAT, primary BOOLEAN
// mode: READ
MATCH (b:Behaviour)
RETURN b.name AS name, b.strength AS strength, b.halfLife AS halfLife, b.primary AS primary
ORDER BY name
