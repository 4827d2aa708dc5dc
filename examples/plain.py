"""A program that has never heard of fastreg, to be run as it is.

    python examples/plain.py                     # scikit-learn
    python -m fastreg.patch examples/plain.py    # the same with fastreg

Both print the same numbers; only the last line tells them apart. With larger data, the time would.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import ElasticNetCV, Lasso, lasso_path
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# How concave is the outline of a tumour's cells, told by the other 29 measurements of it?
X, _ = load_breast_cancer(return_X_y=True, as_frame=True)
y = X.pop("mean concavity") * 100
tight = {"tol": 1e-10, "max_iter": 1_000_000}

alphas, _, _ = lasso_path(
    StandardScaler().fit_transform(X), y - y.mean(), alphas=[5, 2, 1], **tight
)
for alpha in alphas:
    model = make_pipeline(StandardScaler(), Lasso(alpha, **tight)).fit(X, y)
    used = X.columns[model[-1].coef_ != 0]
    score = cross_val_score(model, X, y, cv=5).mean()
    print(f"alpha {alpha:.0f}: R² {score:.4f} with {', '.join(used)}")

search = ElasticNetCV(l1_ratio=[0.5, 0.9], alphas=[0.5, 0.2, 0.1], cv=5, **tight)
model = make_pipeline(StandardScaler(), search).fit(X, y)
print(f"chosen: alpha {search.alpha_}, l1_ratio {search.l1_ratio_}, R² {model.score(X, y):.4f}")
print("estimators of", type(search).__module__.partition(".")[0])
