"""Row groups and selection rules: how a penalty is chosen by what it does on held-out rows."""
