// purpose: A part of the packed catalogue.
// parameters: version STRING, place INTEGER, size INTEGER, data BYTES
// returns: none
// mode: WRITE
CREATE (:ServingPack {version: $version, place: $place, size: $size, data: $data})
