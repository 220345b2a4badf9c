// purpose: All reports of evaluations that are kept.
// parameters: none
// returns: key STRING, report STRING
// mode: READ
MATCH (e:Evaluation)
RETURN e.key AS key, e.report AS report
ORDER BY key
