"""Diagnosis: every mistake in one pass, with its cause and repairs that were tried."""

from shapecalc.diagnose.diagnosis import Diagnosis as Diagnosis
from shapecalc.diagnose.diagnosis import check as check
from shapecalc.diagnose.finding import Finding as Finding
from shapecalc.diagnose.finding import Repair as Repair
from shapecalc.diagnose.live import explain_errors as explain_errors
from shapecalc.diagnose.live import install as install
from shapecalc.diagnose.live import uninstall as uninstall
from shapecalc.diagnose.through import through_mistakes as through_mistakes
