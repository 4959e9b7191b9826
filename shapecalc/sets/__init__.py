"""Integer sets and relations, by isl: the only package that imports islpy."""

from shapecalc.sets.relation import Relation as Relation
from shapecalc.sets.relation import relation as relation
from shapecalc.sets.relation import united as united
from shapecalc.sets.search import find_sizes as find_sizes
from shapecalc.sets.search import search as search
from shapecalc.sets.size_set import SizeSet as SizeSet
from shapecalc.sets.sizes import context as context
from shapecalc.sets.sizes import describe as describe
from shapecalc.sets.sizes import follows as follows
from shapecalc.sets.text import isl_condition as isl_condition
from shapecalc.sets.text import isl_text as isl_text
