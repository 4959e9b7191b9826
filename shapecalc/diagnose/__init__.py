"""Diagnosis: every mistake in one pass, with its cause and repairs that were tried."""

from shapecalc.diagnose.diagnosis import Diagnosis as Diagnosis
from shapecalc.diagnose.diagnosis import check as check
from shapecalc.diagnose.finding import Finding as Finding
from shapecalc.diagnose.finding import Repair as Repair
