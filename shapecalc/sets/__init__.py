"""Integer sets and relations, by isl: the only package that imports islpy."""

from shapecalc.sets.constraints import Conjunction as Conjunction
from shapecalc.sets.constraints import conjunctions as conjunctions
from shapecalc.sets.merging import merged as merged
from shapecalc.sets.parts import Part as Part
from shapecalc.sets.parts import parts as parts
from shapecalc.sets.premises import context as context
from shapecalc.sets.premises import follows as follows
from shapecalc.sets.relation import Relation as Relation
from shapecalc.sets.relation import relation as relation
from shapecalc.sets.relation import united as united
from shapecalc.sets.search import find_sizes as find_sizes
from shapecalc.sets.search import search as search
from shapecalc.sets.size_set import SizeSet as SizeSet
from shapecalc.sets.text import isl_condition as isl_condition
from shapecalc.sets.text import isl_text as isl_text
