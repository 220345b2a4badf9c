// purpose: The parts of the linear item model, in order.
// parameters: none
// returns: data BYTES
// mode: READ
MATCH (m:ItemModel)
RETURN m.data AS data
ORDER BY m.place
