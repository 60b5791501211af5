"""Networks, by hand: layers, activations, initializers, losses and metrics.

Read in this order: `layer.py` (what a layer is), `layers/dense.py` (one, forward and backward),
`network.py` (the chain rule), `loss.py` with `losses/softmax_cross_entropy.py`. Everything else is
one concept a file, listed in the dictionaries of the sub-packages' `__init__`.
"""
