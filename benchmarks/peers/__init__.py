r"""fastreg beside its peers, each at the accuracy asked for.

In an environment of its own (adelie pins numpy < 2), from the checkout::

    python -m venv peers && . peers/bin/activate
    pip install -r benchmarks/requirements.txt .
    python -m benchmarks.peers --problems wide,factor --peers fastreg,celer,glmnet \
        --targets 1e-6,1e-9 --data FOLDER --json out.json

Every problem is a Lasso path of 100 alphas. Every package gets the loosest tolerance at which all
of them have a suboptimality (P(b) − P*) / P(0) of at most the target; P is computed here, and P*
comes from a run whose duality gap, computed here too, is at most 1e-11 of P(0). The settings so
found are then timed in turns. A ladder may take two minutes (``--limit``); a package that does not
reach the target is reported with the best it reached. ``--data`` (or FASTREG_DATA) is the folder of
the real sets, which are skipped without it; problems and their P* stay in ``--cache``. All packages
get the same number of threads (``--threads``, or OMP_NUM_THREADS, or 1). ``--memory`` adds
fastreg's peak memory beyond X.

The installed fastreg is measured: the checkout's source folder, which holds no compiled kernels,
goes to the end of the import path.
"""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])
sys.path[:] = [entry for entry in sys.path if entry not in ("", _ROOT)] + [_ROOT]
