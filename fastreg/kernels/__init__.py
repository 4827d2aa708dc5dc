"""The compiled kernels: no Python objects inside, no allocation, no warnings.

`coordinates` holds a quadratic, `descent` minimises it plus a penalty, `factor` is its Cholesky
factor, `certificate` the gap function, `ridge` and `sparse` linear algebra. Sources: src/fastreg.
"""
