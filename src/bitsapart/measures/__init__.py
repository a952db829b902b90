"""The book: every measure as a pure function on arrays of any library, and the catalogue that lists them."""
