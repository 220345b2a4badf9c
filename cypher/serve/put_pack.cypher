// purpose: A part of the packed catalogue.
// parameters: version STRING, place INTEGER, data BYTES
// returns: none
// mode: WRITE
CREATE (:ServingPack {version: $version, place: $place, data: $data})
