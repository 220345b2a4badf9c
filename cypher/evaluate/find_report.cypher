// purpose: The report of an evaluation that was made before with the same log and parameters.
// parameters: key STRING
// returns: report STRING
// mode: READ
MATCH (e:Evaluation {key: $key})
RETURN e.report AS report
