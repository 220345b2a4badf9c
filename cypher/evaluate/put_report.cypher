// purpose: Keep the report of an evaluation, as JSON.
// parameters: key STRING, report STRING
// returns: none
// mode: WRITE
MERGE (e:Evaluation {key: $key})
SET e.report = $report
