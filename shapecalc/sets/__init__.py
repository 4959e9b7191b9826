"""Integer sets and relations, by isl: the only package that imports islpy."""

from shapecalc.sets.sizes import describe as describe
from shapecalc.sets.sizes import find_sizes as find_sizes
from shapecalc.sets.text import isl_condition as isl_condition
from shapecalc.sets.text import isl_text as isl_text
