# make demo          build, install and run the main job
# make test          build, install and test what was installed
# make test-oldest   the same with the lowest versions that pyproject.toml allows
# make lint          check the style of Python and Cython
# make bench         benchmarks, side by side with scikit-learn
#
# Everything is installed into $(VENV); PYTHON is the interpreter it is made from.

PYTHON ?= python3
VENV ?= .venv

# The source tree holds no compiled kernels, so it must not be imported instead of the package.
RUN = env -u PYTHONPATH PYTHONSAFEPATH=1 $(VENV)/bin
SOURCES := pyproject.toml setup.py MANIFEST.in README.md LICENSE \
	$(shell find fastreg src -type f \( -name '*.py' -o -name '*.pyi' -o -name '*.css' -o -name '*.js' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' \))

.PHONY: demo test test-oldest lint bench clean

demo: $(VENV)/.demo-installed
	$(RUN)/fastreg demo

test: $(VENV)/.test-installed
	$(RUN)/pytest $(PYTEST_FLAGS)

test-oldest: $(VENV)/bin/python
	mkdir -p build
	$(VENV)/bin/python .ci/lowest.py > build/lowest.txt
	PIP_CONSTRAINT=$(abspath build/lowest.txt) $(MAKE) test VENV=$(VENV)-oldest

bench: $(VENV)/.test-installed
	$(RUN)/pytest benchmarks --benchmark-only $(PYTEST_FLAGS)

lint: $(VENV)/.lint-installed
	$(RUN)/ruff check fastreg tests benchmarks examples docs setup.py
	PATH="$(abspath $(VENV)/bin):$$PATH" $(RUN)/cython-lint src  # it calls pycodestyle by name

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "fastreg needs Python 3.11 or later; say make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# setuptools would put files that have since been deleted from here into the wheel: build/lib goes.
$(VENV)/.demo-installed: $(VENV)/bin/python $(SOURCES)
	rm -rf build/lib* build/bdist*
	@echo "Compiling and installing fastreg takes a minute or two."
	$(VENV)/bin/python -m pip install --quiet '.[cli]'
	touch $@

$(VENV)/.test-installed: $(VENV)/bin/python $(SOURCES)
	rm -rf build/lib* build/bdist*
	@echo "Compiling and installing fastreg takes a minute or two."
	$(VENV)/bin/python -m pip install --quiet '.[test]'
	touch $@

$(VENV)/.lint-installed: $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet ruff cython-lint
	touch $@

clean:
	rm -rf build dist *.egg-info $(VENV) $(VENV)-oldest
