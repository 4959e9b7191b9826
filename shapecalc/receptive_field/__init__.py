"""Receptive fields: which input elements can reach each element of an output."""

from shapecalc.receptive_field.field import ReceptiveField as ReceptiveField
from shapecalc.receptive_field.field import receptive_field as receptive_field
from shapecalc.receptive_field.field import receptive_fields as receptive_fields
from shapecalc.receptive_field.walk import Fields as Fields
from shapecalc.receptive_field.walk import fields as fields
