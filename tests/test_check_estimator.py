"""scikit-learn's own checks of estimators, with the failures it lists for its own classes only."""

import pytest
import sklearn.linear_model as sk
from sklearn.utils._test_common import instance_generator
from sklearn.utils.estimator_checks import parametrize_with_checks

import fastreg as fr

DESCENT = ["Lasso", "ElasticNet", "MultiTaskLasso", "MultiTaskElasticNet"]
CHOOSING = ["LassoCV", "ElasticNetCV", "MultiTaskLassoCV", "MultiTaskElasticNetCV"]
RIDGE = ["Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV"]
ESTIMATORS = [
    *(getattr(fr, name)() for name in [*DESCENT, *CHOOSING, *RIDGE]),
    *(getattr(fr, name)(tol=1e-12, max_iter=100_000) for name in DESCENT + CHOOSING),
    # scikit-learn's checks of its own classes allow them so few
    *(getattr(fr, name)(max_iter=5) for name in DESCENT + CHOOSING),
    fr.Lasso(precompute=True, copy_X=False, warm_start=True),
    fr.ElasticNet(0.1, positive=True, selection="random", random_state=0),
    fr.ElasticNet(0.1, standardize=True),
    fr.LassoCV(selection_rule="1se", relax=True, store_coefs=True),
    fr.ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=20, early_stop=3),
]


def listed(estimator) -> dict[str, str]:
    """Return the checks that scikit-learn expects its class of the same name to fail."""
    theirs = getattr(sk, type(estimator).__name__)
    return instance_generator.PER_ESTIMATOR_XFAIL_CHECKS.get(theirs, {})


@pytest.mark.filterwarnings("ignore:Objective did not converge")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=listed)
def test_conventions(estimator, check):
    check(estimator)
