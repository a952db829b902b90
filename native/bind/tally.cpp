#include <nanobind/nanobind.h>

void bind_tally(nanobind::module_&) {}
