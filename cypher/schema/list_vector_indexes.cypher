// purpose: The vector indexes with their state, and how much of each is built.
// parameters: none
// returns: name STRING, state STRING, percent FLOAT
// mode: READ
SHOW VECTOR INDEXES YIELD name, state, populationPercent
RETURN name, state, populationPercent AS percent
ORDER BY name
