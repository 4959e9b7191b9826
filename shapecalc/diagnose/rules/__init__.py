"""The rules, a file for each part of torch; the last one explains what no other does.

A mistake is explained by the first rule that knows it, so the order of the imports counts: what
came before a layer is asked about before the layer itself.
"""

# isort: off
from shapecalc.diagnose.rules import construction as construction
from shapecalc.diagnose.rules import recurrent as recurrent
from shapecalc.diagnose.rules import recurrent_states as recurrent_states
from shapecalc.diagnose.rules import tuples as tuples
from shapecalc.diagnose.rules import attention as attention
from shapecalc.diagnose.rules import joining as joining
from shapecalc.diagnose.rules import flatten as flatten
from shapecalc.diagnose.rules import inputs as inputs
from shapecalc.diagnose.rules import sizes as sizes
from shapecalc.diagnose.rules import convolution as convolution
from shapecalc.diagnose.rules import normalization as normalization
from shapecalc.diagnose.rules import pooling as pooling
from shapecalc.diagnose.rules import positions as positions
from shapecalc.diagnose.rules import residual as residual
from shapecalc.diagnose.rules import products as products
from shapecalc.diagnose.rules import view as view
from shapecalc.diagnose.rules import linear as linear
from shapecalc.diagnose.rules import loss as loss
from shapecalc.diagnose.rules import code as code
from shapecalc.diagnose.rules import other as other
from shapecalc.diagnose.rules import advice_layers as advice_layers
from shapecalc.diagnose.rules import advice_fields as advice_fields
from shapecalc.diagnose.rules import silent_batch as silent_batch
from shapecalc.diagnose.rules import silent_dropped as silent_dropped
from shapecalc.diagnose.rules import silent_order as silent_order
from shapecalc.diagnose.rules import silent_axes as silent_axes
from shapecalc.diagnose.rules import silent_sequences as silent_sequences
from shapecalc.diagnose.rules import silent_broadcast as silent_broadcast
