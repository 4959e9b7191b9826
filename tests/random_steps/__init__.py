"""Steps of random networks: functions from one image with four channels to another.

`STEPS` names, for every family of rules, functions of an image and of a small number.
"""

from tests.random_steps import axes, elements, products, sequences

STEPS = {**elements.STEPS, **axes.STEPS, **products.STEPS, **sequences.STEPS}
