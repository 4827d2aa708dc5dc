"""Tables in, models and reports out: everything of the command ``fastreg`` that is not parsing.

``tables`` reads a file into columns, ``encoding`` turns columns into a matrix, ``prepare`` chooses
columns and rows, ``experiment`` splits, fits and measures, ``report`` puts it into words,
``model_json`` stores the model and predicts from it. ``learning`` measures a learning curve,
``pictures`` draws, and ``picture_report`` says what is to be seen. Only ``experiment`` knows the
estimators. pyarrow, rich and matplotlib are optional, imported when used (``extras``).
"""
