"""Build the Cython kernels; everything else is declared in pyproject.toml."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("FASTREG_DEBUG", "0") not in ("", "0")
BASE = "build/debug" if DEBUG else "build"  # apart, so that neither build reuses the other's files

extensions = [
    Extension(
        ".".join(path.relative_to("src").with_suffix("").parts),
        [path.as_posix()],
        include_dirs=["src/fastreg/kernels"],
        depends=[path.as_posix() for path in Path("src").rglob("*.h")],
        extra_compile_args=["-O0", "-g"] if DEBUG else ["-O3"],
    )
    for path in sorted(Path("src").rglob("*.pyx"))
]

setup(
    options={"build": {"build_base": BASE}, "build_ext": {"parallel": os.cpu_count()}},
    ext_modules=cythonize(
        extensions,
        include_path=["src"],
        build_dir=f"{BASE}/cython",
        gdb_debug=False,
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,
            "initializedcheck": DEBUG,
            "cdivision": not DEBUG,
            "embedsignature": True,
        },
    ),
)
