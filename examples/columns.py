"""Words and numbers: how wide is a petal, given its length, the sepal and the species?

A data frame has columns of different kinds. A `ColumnTransformer` makes numbers of all of them, and
`LassoCV` then says which of the numbers are worth keeping. Run me: python examples/columns.py
"""

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastreg import LassoCV

# 150 flowers. The species is a word, as it would be in a table of your own.
iris = load_iris(as_frame=True)
flowers = iris.frame.assign(species=iris.target_names[iris.target]).drop(columns="target")
X, y = flowers.drop(columns="petal width (cm)"), flowers["petal width (cm)"]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=X["species"])
print(X_train.head(3), end="\n\n")

columns = ColumnTransformer(
    [
        ("number", StandardScaler(), make_column_selector(dtype_include="number")),
        ("word", OneHotEncoder(), ["species"]),
    ],
    verbose_feature_names_out=False,
)
model = make_pipeline(columns, LassoCV(cv=10, selection_rule="1se"))
model.fit(X_train, y_train)

# The rule of one standard error takes the simplest model that is about as good as the best.
lasso = model[-1]
print(f"alpha {lasso.alpha_:.4f}, chosen among {len(lasso.alphas_)} by 10 folds:")
for name, coef in zip(columns.get_feature_names_out(), lasso.coef_, strict=True):
    print(f"  {name:<24}{coef:+.3f}" if coef else f"  {name:<24}     –")

# Whatever the solver did, no coefficients have an objective lower by more than this:
print(f"\nduality gap {lasso.dual_gap_:.1e}")

# The pipeline is one estimator, scaling and choice of alpha included: this is an honest estimate.
scores = cross_val_score(model, X_train, y_train, cv=5)
print(f"R² on held-out flowers: {scores.mean():.3f} ± {scores.std() / 5**0.5:.3f}")
print(f"R² on the test flowers: {model.score(X_test, y_test):.3f}")
