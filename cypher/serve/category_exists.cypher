// purpose: Whether there is such a category.
// parameters: category STRING
// returns: known BOOLEAN
// mode: READ
RETURN EXISTS { (:Category {categoryId: $category}) } AS known
