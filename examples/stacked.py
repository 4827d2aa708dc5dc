"""Several models in one: linear ones beside a forest, and the result for a server without fastreg.

A stack fits its members, and then a last model on what they predict for rows they have not seen.
Run me: python examples/stacked.py
"""

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor, StackingRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import fastreg

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

members = {
    "lasso": make_pipeline(StandardScaler(), PolynomialFeatures(2), fastreg.LassoCV()),
    "ridge": make_pipeline(StandardScaler(), fastreg.RidgeCV()),
    "forest": RandomForestRegressor(100, min_samples_leaf=5, random_state=0),
}
# No member is allowed to count against the others: positive coefficients.
stack = StackingRegressor(list(members.items()), fastreg.Ridge(positive=True))
stack.fit(X_train, y_train)

print("R² in test, and the share in the stack")
for member, share in zip(members, stack.final_estimator_.coef_, strict=True):
    alone = stack.named_estimators_[member].score(X_test, y_test)
    print(f"  {member:<8}{alone:.3f}  {share:.2f}")
print(f"  {'stack':<8}{stack.score(X_test, y_test):.3f}")
# With so few rows a forest has nothing to add: the linear models are as good without it.

# What does the stack look at? R² that is lost when a column is shuffled:
importance = permutation_importance(stack, X_test, y_test, n_repeats=10, random_state=0)
for j in importance.importances_mean.argsort()[::-1][:3]:
    print(f"  {X.columns[j]:<8}{importance.importances_mean[j]:.3f}")

# A server may have scikit-learn only. What is fastreg's becomes scikit-learn's of the same name.
exported = fastreg.to_sklearn(stack)
with TemporaryDirectory() as folder:
    file = Path(folder) / "stack.pickle"
    file.write_bytes(pickle.dumps(exported))
    served = pickle.loads(file.read_bytes())
assert (served.predict(X_test) == stack.predict(X_test)).all()
print(f"exported: {type(served.final_estimator_).__module__}")
