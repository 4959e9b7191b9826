"""The rules, a file for each part of torch; the last one explains what no other does."""

from shapecalc.diagnose.rules import linear as linear
from shapecalc.diagnose.rules import other as other
