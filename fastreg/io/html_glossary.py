"""The words of a report, in plain words."""

TERMS = (
    ("Feature", "A column of numbers, or an indicator of one level of a column of words."),
    (
        "Mean squared error",
        "The mean of the squared differences between prediction and truth; its root is in the "
        "units of the target.",
    ),
    ("Training error", "The error on the rows that a model was fitted to: always too good."),
    ("Held-out error", "The error on rows that had no part in the fit: what counts."),
    ("Gap", "Held-out less training error: how much better a model looks than it is."),
    (
        "Test rows",
        "Rows set aside before anything else, to judge the model once when all is decided.",
    ),
    (
        "Cross-validation",
        "Each of several parts (folds) of the rows is held out in turn, while the model is fitted "
        "to the others. Nested: the penalty is chosen by folds within those others, so that the "
        "held-out part has no say in it.",
    ),
    (
        "SE, standard error",
        "How far a mean of several folds or rows is likely to be from the true one. The paired "
        "standard error of a difference compares two methods fold by fold.",
    ),
    (
        "R²",
        "The share of the variation that is explained: 1 is perfect, 0 no better than always "
        "predicting the mean.",
    ),
    ("Least squares", "Coefficients with the smallest training error, without a penalty."),
    ("Ridge", "Penalizes squared coefficients: shrinks all, and shares among columns alike."),
    ("Lasso", "Penalizes absolute coefficients: sets many to zero, and so chooses features."),
    (
        "Relaxed lasso",
        "Lets the lasso choose the features and takes back some of the shrinkage of those chosen.",
    ),
    (
        "Elastic-Net",
        "Mixes both penalties; l1_ratio is the share of the lasso's. That share is relative to the "
        "unit of the target: the larger its numbers, the closer to 1.",
    ),
    ("α", "The strength of the penalty: the larger, the smaller the coefficients."),
    (
        "Degrees of freedom",
        "How many coefficients, in effect, are free to follow the training rows.",
    ),
    (
        "One-standard-error rule",
        "The strongest penalty whose error is within one standard error of the smallest.",
    ),
    (
        "Collinear",
        "Said of columns that can nearly be computed from each other. The condition number and the "
        "variance inflation factor say how nearly; beyond about 30 and 10 it matters.",
    ),
)
