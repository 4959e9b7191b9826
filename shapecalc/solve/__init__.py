"""Solving backwards: at which sizes, or for which parameters, something is true of a model."""

from shapecalc.solve.solution import Solution as Solution
from shapecalc.solve.solver import Solver as Solver
