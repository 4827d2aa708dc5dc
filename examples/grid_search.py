"""A grid search over a whole pipeline: which polynomial, which penalty?

Ten measurements of 442 patients, and how their diabetes went on in the year after. Squares and
products of the measurements may help, or may only fit noise; a search finds out. The same search
with scikit-learn's own `ElasticNet` follows, for comparison. Run me: python examples/grid_search.py
"""

from time import perf_counter

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import fastreg

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=100, random_state=0)

pipeline = Pipeline(
    [
        ("polynomial", PolynomialFeatures(include_bias=False)),
        ("scale", StandardScaler()),
        ("model", fastreg.ElasticNet(max_iter=100_000)),
    ]
)
grid = {
    "polynomial__degree": [1, 2],
    "model__alpha": [0.1, 0.3, 1.0, 3.0, 10.0],
    "model__l1_ratio": [0.5, 1.0],
}

start = perf_counter()
search = GridSearchCV(pipeline, grid, cv=5).fit(X_train, y_train)
seconds = perf_counter() - start
print("fastreg chooses", search.best_params_)
print(
    f"  R² {search.best_score_:.4f} in cross-validation, {search.score(X_test, y_test):.4f} in test"
)

# Which of the columns, squares and products does it use most?
best = search.best_estimator_
names = best[:-1].get_feature_names_out()
coef = best["model"].coef_
print(f"  {np.count_nonzero(coef)} of {len(names)} columns; the largest coefficients:")
for j in np.argsort(-np.abs(coef))[:5]:
    print(f"    {names[j]:<10}{coef[j]:+8.2f}")

# `to_sklearn` turns all of it into scikit-learn's, fitted or not: here the search, not yet fitted.
twin = fastreg.to_sklearn(GridSearchCV(pipeline, grid, cv=5))
start = perf_counter()
twin.fit(X_train, y_train)
print("scikit-learn chooses", twin.best_params_)
print(f"  R² {twin.best_score_:.4f} in cross-validation, {twin.score(X_test, y_test):.4f} in test")
print(f"{seconds:.1f} s with fastreg, {perf_counter() - start:.1f} s with scikit-learn")
