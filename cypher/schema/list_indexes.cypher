// purpose: All indexes with their state, for doctor and the checks before a run.
// parameters: none
// returns: name STRING, type STRING, state STRING, labels LIST<STRING>, properties LIST<STRING>, options MAP
// mode: READ
SHOW INDEXES YIELD name, type, state, labelsOrTypes, properties, options
RETURN name, type, state, labelsOrTypes AS labels, properties, options
ORDER BY name
